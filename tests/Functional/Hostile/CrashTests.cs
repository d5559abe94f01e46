using Grpc.Core;
using Skiff.Functional.Harness;

namespace Skiff.Functional.Hostile;

/// <summary>containerd dies in each step of a container's life; afterwards the node can be brought to order, and nothing hangs.</summary>
public sealed class CrashTests(Nodes nodes) : NodeTest(nodes)
{
    [Theory, OnContainerd]
    public Task Gone_during_create(string version) => DiesAsync(version, task => task.CreateTaskAsync());

    [Theory, OnContainerd]
    public Task Gone_during_start(string version) => DiesAsync(version, async task =>
    {
        await task.CreateTaskAsync();
        await task.StartAsync();
    });

    [Theory, OnContainerd]
    public Task Gone_during_kill(string version) => DiesAsync(version, async task =>
    {
        await task.CreateTaskAsync();
        await task.StartAsync();
        await task.KillAsync(Signals.Kill);
    });

    [Theory, OnContainerd]
    public Task Gone_during_delete(string version) => DiesAsync(version, async task =>
    {
        await task.CreateTaskAsync();
        await task.StartAsync();
        await task.KillAsync(Signals.Kill);
        await task.WaitAsync();
        await task.DeleteAsync();
    });

    /// <summary>Kills containerd at several moments of the last step.</summary>
    private static async Task DiesAsync(string version, Func<TestTask, Task> life)
    {
        await using var node = await OwnNodeAsync(version);
        foreach (var delay in new[] { 1, 5, 15, 40 })
        {
            var task = await TestTask.PrepareAsync(node, ["/toolbox.wasm", "sleep", "3600"]);
            var living = Record.ExceptionAsync(() => life(task));
            // A moment, not a wait: where in the step containerd dies is what varies.
            await Task.Delay(delay);
            await node.KillAsync();
            var error = await living;
            Assert.True(error is null or RpcException or HttpRequestException, error?.ToString());

            await node.StartAsync();
            await task.DisposeAsync();
            Assert.Equal("hello from C\n", (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded());
        }

        // A server whose Create never came goes away by its own clock.
        var left = await Eventually.SettlesAsync(() => Leaks.Find(node), found => found.Count == 0, TimeSpan.FromSeconds(45));
        Assert.True(left.Count == 0, $"left behind on containerd {version}:\n  {string.Join("\n  ", left)}");
    }
}
