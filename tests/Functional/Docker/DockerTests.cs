using System.Text.Json.Nodes;
using Skiff.Harness;

namespace Skiff.Functional.Docker;

/// <summary>
/// Docker 28 programs a container's network between Create and Start, through the pid that Create answered: with other Wasm
/// shims it hangs there. The engine is Debian's, on a containerd of its own.
/// </summary>
public sealed class DockerTests
{
    private const string Image = "localhost/docker-guests:1";

    [Fact]
    public async Task Docker_28_starts_a_Wasm_container_on_its_bridge_and_stops_it()
    {
        await using var docker = await StartAsync();
        var id = await CreateAsync(docker, "/toolbox.wasm", "sleep", "600000");

        await docker.PostAsync($"containers/{id}/start");

        var seen = await docker.GetAsync($"containers/{id}/json");
        Assert.True(seen["State"]!["Running"]!.GetValue<bool>(), seen.ToJsonString());
        var address = seen["NetworkSettings"]!["Networks"]!["bridge"]!["IPAddress"]!.GetValue<string>();
        Assert.StartsWith("172.", address, StringComparison.Ordinal);
        var stats = await docker.GetAsync($"containers/{id}/stats?stream=false&one-shot=true");
        Assert.True(stats["memory_stats"]!["usage"]!.GetValue<long>() > 0, stats.ToJsonString());

        var before = TimeProvider.System.GetTimestamp();
        await docker.PostAsync($"containers/{id}/stop?t=20");
        Assert.True(TimeProvider.System.GetElapsedTime(before) < TimeSpan.FromSeconds(10), "SIGTERM must do, not the kill after the grace");
        Assert.Equal(143, (await docker.GetAsync($"containers/{id}/json"))["State"]!["ExitCode"]!.GetValue<int>());
        await docker.RemoveAsync(id);
    }

    [Fact]
    public async Task Docker_28_execs_into_a_Wasm_container_and_reads_its_log()
    {
        await using var docker = await StartAsync();
        var talker = await CreateAsync(docker, "/toolbox.wasm", "args", "from docker");
        await docker.PostAsync($"containers/{talker}/start");
        await docker.PostAsync($"containers/{talker}/wait");
        Assert.Contains("from docker", await docker.TextAsync($"containers/{talker}/logs?stdout=1"), StringComparison.Ordinal);
        await docker.RemoveAsync(talker);

        var sleeper = await CreateAsync(docker, "/toolbox.wasm", "sleep", "600000");
        await docker.PostAsync($"containers/{sleeper}/start");
        var exec = JsonNode.Parse(await docker.PostAsync($"containers/{sleeper}/exec", new JsonObject
        {
            ["AttachStdout"] = true,
            ["Cmd"] = new JsonArray("/toolbox.wasm", "args", "beside it"),
        }))!["Id"]!.GetValue<string>();
        Assert.Contains("beside it", await docker.PostAsync($"exec/{exec}/start", new JsonObject { ["Detach"] = false }), StringComparison.Ordinal);
        Assert.Equal(0, (await docker.GetAsync($"exec/{exec}/json"))["ExitCode"]!.GetValue<int>());
        await docker.RemoveAsync(sleeper);
    }

    private static async Task<Dockerd> StartAsync()
    {
        Assert.SkipUnless(File.Exists(Dockerd.Program), "no dockerd 28: run scripts/setup.sh");
        Assert.SkipUnless(ContainerdVersion.Named("2.1").IsInstalled, "containerd 2.1 is not here: run scripts/setup.sh");
        var docker = await Dockerd.StartAsync();
        var tar = Path.Combine(Path.GetTempPath(), $"skiff-docker-{Environment.ProcessId}.tar");
        try
        {
            Images.WriteRootfs(tar, Image, "linux/amd64", Images.GuestFiles(), ["/toolbox.wasm"]);
            await docker.LoadAsync(tar);
            return docker;
        }
        catch
        {
            await docker.DisposeAsync();
            throw;
        }
        finally
        {
            File.Delete(tar);
        }
    }

    private static async Task<string> CreateAsync(Dockerd docker, params string[] command) =>
        JsonNode.Parse(await docker.PostAsync("containers/create", new JsonObject
        {
            ["Image"] = Image,
            ["Cmd"] = new JsonArray([.. command[1..].Select(word => (JsonNode)word)]),
            ["Entrypoint"] = new JsonArray(command[0]),
            ["HostConfig"] = new JsonObject { ["Runtime"] = "skiff", ["SecurityOpt"] = new JsonArray("apparmor=unconfined") },
        }))!["Id"]!.GetValue<string>();
}
