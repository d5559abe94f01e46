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
        (await Command.RunAsync("cp", ["-a", Repository.Dist + "/.", _installed])).Succeeded();
        var path = $"{_installed}/bin:{ContainerdVersion.Named(version).BinaryFolder}:{Environment.GetEnvironmentVariable("PATH")}";
        await using var node = await OwnNodeAsync(version, environment: new Dictionary<string, string?> { ["PATH"] = path });
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

    public void Dispose() => Directory.Delete(_installed, recursive: true);

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
