using System.Text;
using Skiff.Functional.Node;
using Skiff.Harness;
using Skiff.Harness.Wire;

namespace Skiff.Functional.Life;

/// <summary>A package manager puts new files in the place of the old ones, one by one, while pods run: the old server goes on serving.</summary>
public sealed class UpgradeTests(Nodes nodes) : NodeTest(nodes), IDisposable
{
    private readonly string _installed = Directory.CreateTempSubdirectory("skiff-installed-").FullName;

    [Theory, OnContainerd]
    public async Task A_task_goes_on_when_the_shim_and_the_run_program_are_replaced(string version)
    {
        await using var node = await InstalledAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "tick", "0.05"], "tick 1");

        await ReplaceAsync();

        Assert.Equal(ProcessStatus.Running, (await task.StateAsync()).Status);
        Assert.Equal(4, (await task.RunExecAsync("/toolbox.wasm", "exit", "4")).ExitCode);
        Assert.Equal("hello from C\n", (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded());
        await task.KillAsync(Signals.Terminate);
        Assert.Equal(143u, await task.WaitAsync());
        await task.DeleteAsync();
        await Leaks.RequireNoneAsync(node);
    }

    [Theory, OnContainerd]
    public async Task In_isolation_node_new_pods_go_to_the_new_version_and_old_ones_stay(string version)
    {
        await using var node = await InstalledAsync(version);
        await using var old = await NodeServers.SleeperAsync(node);
        var oldServer = await NodeServers.PidOfAsync(old.Id);

        await ReplaceAsync();
        await NewRevisionAsync();
        await using var young = await NodeServers.SleeperAsync(node);

        var youngServer = await NodeServers.PidOfAsync(young.Id);
        Assert.NotEqual(oldServer, youngServer);
        Assert.Equal(oldServer, await NodeServers.PidOfAsync(old.Id));
        Assert.Equal("hello from C\n", (await old.RunExecAsync("/toolbox.wasm", "hello")).Output);
        await old.KillAsync(Signals.Terminate);
        Assert.Equal(143u, await old.WaitAsync());
        await old.DeleteAsync();
        await using var next = await NodeServers.SleeperAsync(node);
        Assert.Equal(youngServer, await NodeServers.PidOfAsync(next.Id));
    }

    public void Dispose() => Directory.Delete(_installed, recursive: true);

    /// <summary>A containerd that finds the shims in a folder of this test.</summary>
    private async Task<Containerd> InstalledAsync(string version)
    {
        (await Command.RunAsync("cp", ["-a", Repository.Dist + "/.", _installed])).Succeeded();
        var path = $"{_installed}/bin:{ContainerdVersion.Named(version).BinaryFolder}:{Environment.GetEnvironmentVariable("PATH")}";
        return await OwnNodeAsync(version, environment: new Dictionary<string, string?> { ["PATH"] = path });
    }

    // What tells two builds apart is the commit that they were made of: another one is written over it in the program's file.
    private async Task NewRevisionAsync()
    {
        var shim = Path.Combine(_installed, "bin", "containerd-shim-skiffnode-v1");
        var program = await File.ReadAllBytesAsync(shim);
        var revision = (await Command.RunAsync(shim, ["-v"])).Succeeded().Split("Revision:")[1].Trim();
        var found = 0;
        foreach (var encoding in new[] { Encoding.UTF8, Encoding.Unicode })
        {
            var (text, other) = (encoding.GetBytes(revision), encoding.GetBytes(new string('0', revision.Length)));
            for (var at = program.AsSpan().IndexOf(text); at >= 0; at = program.AsSpan().IndexOf(text))
            {
                other.CopyTo(program.AsSpan(at));
                found++;
            }
        }

        Assert.True(found > 0, $"{shim} holds its revision {revision}");
        await File.WriteAllBytesAsync(shim + ".new", program);
        File.SetUnixFileMode(shim + ".new", File.GetUnixFileMode(shim));
        File.Move(shim + ".new", shim, overwrite: true);
    }

    // As dpkg does it: the new file beside the old one, then rename(2). A program that runs keeps its file.
    private async Task ReplaceAsync()
    {
        foreach (var file in Directory.EnumerateFiles(_installed, "*", SearchOption.AllDirectories).Where(file => new FileInfo(file).LinkTarget is null).ToList())
        {
            (await Command.RunAsync("cp", ["-a", file, file + ".new"])).Succeeded();
            File.Move(file + ".new", file, overwrite: true);
        }
    }
}
