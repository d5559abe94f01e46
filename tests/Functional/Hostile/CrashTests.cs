using Grpc.Core;
using Skiff.Harness;

namespace Skiff.Functional.Hostile;

/// <summary>containerd dies in each step of a container's life; afterwards the node can be brought to order, and nothing hangs.</summary>
public sealed class CrashTests(Nodes nodes) : NodeTest(nodes)
{
    /// <summary>Where in a step containerd dies, in milliseconds from its begin.</summary>
    private static readonly int[] Moments = [1, 5, 15, 40];

    /// <summary>A server whose Create never came, or whose containerd came back without wanting anything, goes away by its own clock.</summary>
    private static readonly TimeSpan ServersGone = TimeSpan.FromSeconds(60);

    [Theory, OnContainerd]
    public async Task A_containerd_that_dies_in_any_step_finds_a_node_that_works(string version)
    {
        await using var node = await OwnNodeAsync(version);
        foreach (var moment in Moments)
        {
            await DiesAsync(node, moment, _ => Task.CompletedTask, task => task.CreateTaskAsync());
            await DiesAsync(node, moment, task => task.CreateTaskAsync(), task => task.StartAsync());
            await DiesAsync(node, moment, RunningAsync, task => task.KillAsync(Signals.Kill));
            await DiesAsync(node, moment, EndedAsync, task => task.DeleteAsync());
        }

        Assert.Equal("hello from C\n", (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded());
        await Leaks.RequireNoneAsync(node, ServersGone);
    }

    private static async Task RunningAsync(TestTask task)
    {
        await task.CreateTaskAsync();
        await task.StartAsync();
        await task.Stdio.SaysAsync("sleeping");
    }

    private static async Task EndedAsync(TestTask task)
    {
        await RunningAsync(task);
        await task.KillAsync(Signals.Kill);
        await task.WaitAsync();
    }

    private static async Task DiesAsync(Containerd node, int moment, Func<TestTask, Task> before, Func<TestTask, Task> step)
    {
        var task = await TestTask.PrepareAsync(node, ["/toolbox.wasm", "sleep", "3600"]);
        await before(task);
        var stepping = Record.ExceptionAsync(() => step(task));
        await Task.Delay(moment);
        await node.KillAsync();
        var error = await stepping;
        Assert.True(error is null or RpcException or HttpRequestException, error?.ToString());

        await node.StartAsync();
        await task.DisposeAsync();
    }
}
