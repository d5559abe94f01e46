using System.Globalization;
using Skiff.Harness;
using Skiff.Harness.Cri;
using Skiff.Harness.Wire;

namespace Skiff.Functional.Life;

/// <summary>A restart or the death of containerd takes no container along: tasks, logs and exit codes are still there afterwards.</summary>
public sealed class RestartTests(Nodes nodes) : NodeTest(nodes)
{
    [Theory, OnContainerd]
    public async Task Running_tasks_are_still_running_after_a_restart(string version)
    {
        await using var node = await OwnNodeAsync(version);
        await using var wasm = await TestTask.StartAsync(node, ["/toolbox.wasm", "tick", "0.05"], "tick 1");
        await using var native = await TestTask.StartAsync(node, ["/bin/native-sleep"], "sleeping");

        await node.RestartAsync();

        Assert.Equal(ProcessStatus.Running, (await wasm.StateAsync()).Status);
        Assert.Equal(ProcessStatus.Running, (await native.StateAsync()).Status);
        Assert.Equal(4, (await wasm.RunExecAsync("/toolbox.wasm", "exit", "4")).ExitCode);
        var said = wasm.Stdio.Output.Length;
        await Eventually.BecomesTrueAsync(() => wasm.Stdio.Output.Length > said, "the guest's output goes on");
        await wasm.KillAsync(Signals.Terminate);
        Assert.Equal(143u, await wasm.WaitAsync());
        await wasm.DeleteAsync();
        await native.KillAsync(Signals.Kill);
        Assert.Equal(137u, await native.WaitAsync());
        await native.DeleteAsync();
        await Leaks.RequireNoneAsync(node);
    }

    [Theory, OnContainerd]
    public async Task An_end_while_containerd_is_away_is_reported_later(string version)
    {
        await using var node = await OwnNodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "sleep", "3600"], "sleeping");
        var pid = (int)(await task.StateAsync()).Pid;

        await node.KillAsync();
        Signals.Send(pid, Signals.Terminate);
        await Eventually.BecomesTrueAsync(() => !Signals.IsAlive(pid), "the guest ends");
        await node.StartAsync();

        Assert.Equal(143u, await task.WaitAsync());
        Assert.Equal(143u, (await task.DeleteAsync()).ExitStatus);
        await Leaks.RequireNoneAsync(node);
    }

    [Theory, OnContainerd]
    public async Task The_log_of_a_pod_goes_on_after_a_restart(string version)
    {
        await using var node = await OwnNodeAsync(version);
        await using var pod = await Pod.RunAsync(node);
        var container = await pod.StartAsync(["/toolbox.wasm", "tick", "0.05"]);
        await container.LogsAsync("tick 3\n");

        await node.RestartAsync();
        await WaitForCriAsync(node);

        Assert.Equal(ContainerState.ContainerRunning, (await container.StatusAsync()).State);
        var last = LastTick(container);
        await Eventually.BecomesTrueAsync(() => LastTick(container) > last + 3, "the log goes on", TimeSpan.FromSeconds(20));
        Assert.Equal(0, (await container.ExecAsync("/toolbox.wasm", "exit", "0")).ExitCode);
        await container.StopAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(143, (await container.StatusAsync()).ExitCode);
    }

    [Theory, OnContainerd]
    public async Task A_killed_containerd_loses_no_task_either(string version)
    {
        await using var node = await OwnNodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/loop.wat"]);

        await node.KillAsync();
        await node.StartAsync();

        Assert.Equal(ProcessStatus.Running, (await task.StateAsync()).Status);
        await task.KillAsync(Signals.Terminate);
        Assert.Equal(143u, await task.WaitAsync());
    }

    [Theory, OnContainerd]
    public async Task A_task_that_was_only_created_survives_a_restart(string version)
    {
        await using var node = await OwnNodeAsync(version);
        await using var task = await TestTask.CreateAsync(node, ["/toolbox.wasm", "exit", "6"]);

        await node.RestartAsync();
        await task.StartAsync();

        Assert.Equal(6u, await task.WaitAsync());
        await task.DeleteAsync();
    }

    private static int LastTick(PodContainer container) => container.Log().Split('\n')
        .Where(line => line.Contains("tick ", StringComparison.Ordinal))
        .Select(line => int.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)).LastOrDefault();

    private static Task WaitForCriAsync(Containerd node) => Eventually.BecomesTrueAsync(
        async () =>
        {
            try
            {
                await node.Client.Runtime.VersionAsync(new VersionRequest());
                return true;
            }
            catch (Grpc.Core.RpcException)
            {
                return false;
            }
        },
        "the CRI answers");
}
