using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Skiff.Harness;

namespace Skiff.Functional.Docker;

/// <summary>
/// A Docker engine of our own on a containerd 2.1 of its own, both in a mount and a network namespace that end with them:
/// its bridge, its address range and its mounts are nobody else's.
/// </summary>
internal sealed class Dockerd : IAsyncDisposable
{
    private const string Version = "v1.47";
    private readonly string _folder = Directory.CreateTempSubdirectory("skd").FullName;
    private readonly HttpClient _client;
    private Process? _shell;

    private Dockerd() => _client = new HttpClient(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint($"{_folder}/d.sock"), cancellation);
            return new NetworkStream(connection, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri($"http://docker/{Version}/"),
        Timeout = TimeSpan.FromSeconds(60),
    };

    public static string Program { get; } = Path.Combine(Repository.Root, ".cache/docker/usr/sbin/dockerd");

    public static async Task<Dockerd> StartAsync()
    {
        var docker = new Dockerd();
        docker.WriteConfiguration();
        var containerd = ContainerdVersion.Named("2.1");
        var path = $"{containerd.BinaryFolder}:{Path.GetDirectoryName(Program)}:{docker._folder}:{Environment.GetEnvironmentVariable("PATH")}";
        // One shell holds both: TERM ends first the engine, then containerd.
        await File.WriteAllTextAsync($"{docker._folder}/go.sh", $"""
            export PATH='{path}' SKIFF_CACHE='{docker._folder}/cache'
            ip link set lo up
            containerd -c {docker._folder}/containerd.toml >{docker._folder}/containerd.log 2>&1 & containerd=$!
            dockerd --config-file {docker._folder}/daemon.json >{docker._folder}/dockerd.log 2>&1 & dockerd=$!
            trap 'kill $dockerd; wait $dockerd; kill $containerd; wait $containerd; exit 0' TERM
            wait $dockerd
            """);
        docker._shell = Process.Start(new ProcessStartInfo("unshare", ["-nm", "--propagation", "private", "sh", $"{docker._folder}/go.sh"])
        {
            WorkingDirectory = "/",
        });
        await Eventually.BecomesTrueAsync(docker.AnswersAsync, $"dockerd answers\n{docker.Log()}", TimeSpan.FromSeconds(40));
        return docker;
    }

    public string Log() => string.Concat(
        new[] { "containerd.log", "dockerd.log" }.Select(name => Path.Combine(_folder, name)).Where(File.Exists).Select(File.ReadAllText));

    public async Task LoadAsync(string tar)
    {
        using var content = new StreamContent(File.OpenRead(tar));
        content.Headers.ContentType = new("application/x-tar");
        using var response = await _client.PostAsync("images/load?quiet=1", content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode && !text.Contains("errorDetail", StringComparison.Ordinal), text);
    }

    public async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await _client.GetStringAsync(path))!;

    public Task<string> TextAsync(string path) => _client.GetStringAsync(path);

    /// <summary>The answer's text; an answer that is no success fails the test with it and the engine's log.</summary>
    public async Task<string> PostAsync(string path, JsonNode? body = null)
    {
        using var response = await _client.PostAsync(path, body is null ? null : JsonContent.Create(body));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"POST {path}: {(int)response.StatusCode} {text}\n{Log()}");
        return text;
    }

    public async Task RemoveAsync(string id)
    {
        using var response = await _client.DeleteAsync($"containers/{id}?force=1");
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_shell is not null)
        {
            Signals.Send(_shell.Id, Signals.Terminate);
            await _shell.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
            _shell.Dispose();
        }

        await Command.RunAsync("rm", ["-rf", "--one-file-system", _folder]);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await _client.GetStringAsync("_ping");
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void WriteConfiguration()
    {
        File.WriteAllText($"{_folder}/containerd.toml", $"""
            version = 3
            root = "{_folder}/root"
            state = "{_folder}/state"
            disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]
            [grpc]
              address = "{_folder}/c.sock"
            [ttrpc]
              address = "{_folder}/c.ttrpc"
            """);
        File.WriteAllText($"{_folder}/daemon.json", new JsonObject
        {
            ["data-root"] = $"{_folder}/data",
            ["exec-root"] = $"{_folder}/exec",
            ["pidfile"] = $"{_folder}/dockerd.pid",
            ["hosts"] = new JsonArray($"unix://{_folder}/d.sock"),
            ["containerd"] = $"{_folder}/c.sock",
            ["iptables"] = false,
            ["ip6tables"] = false,
            ["userland-proxy"] = false,
            ["features"] = new JsonObject { ["containerd-snapshotter"] = true },
            ["runtimes"] = new JsonObject { ["skiff"] = new JsonObject { ["runtimeType"] = Repository.Shim } },
        }.ToJsonString());
    }
}
