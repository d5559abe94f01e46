using Skiff.Harness;
using Skiff.Harness.Wire;

namespace Skiff.Functional.Life;

/// <summary>What can be asked of a running container: pids, figures, pause, limits, terminal, end of input.</summary>
public sealed class ControlTests(Nodes nodes) : NodeTest(nodes)
{
    [Theory, OnContainerd]
    public async Task Pids_answers_with_the_init(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.PrepareAsync(node, ["/toolbox.wasm", "sleep", "3600"]);
        var pid = await task.CreateTaskAsync();

        Assert.Contains(pid, await task.PidsAsync());
        await task.StartAsync();

        Assert.Contains(pid, await task.PidsAsync());
    }

    [Theory, OnContainerd]
    public async Task Pids_of_a_native_container_include_its_children(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/bin/sidecar", "fork", "3"], "forked");

        Assert.Equal(4, (await task.PidsAsync()).Count);
    }

    [Theory, OnContainerd]
    public async Task Metrics_show_processor_and_memory_use(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "hold", "20"], "allocated 20 MB");

        var text = await node.Ctr.RunAsync("task", "metrics", "--format", "json", task.Id);

        using var metrics = System.Text.Json.JsonDocument.Parse(text);
        var usage = metrics.RootElement.GetProperty("memory").GetProperty("usage").GetProperty("usage").GetUInt64();
        Assert.InRange(usage, 20ul << 20, 200ul << 20);
        Assert.True(metrics.RootElement.GetProperty("cpu").GetProperty("usage").GetProperty("total").GetUInt64() > 0);
    }

    [Theory, OnContainerd]
    public async Task A_paused_guest_stands_still_until_it_is_resumed(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "tick", "0.01"], "tick 3");

        await task.PauseAsync();
        Assert.Equal(ProcessStatus.Paused, (await task.StateAsync()).Status);
        var before = await SettledOutputAsync(task);
        await Task.Delay(200);
        Assert.Equal(before, task.Stdio.Output);

        await task.ResumeAsync();
        Assert.Equal(ProcessStatus.Running, (await task.StateAsync()).Status);
        await Eventually.BecomesTrueAsync(() => task.Stdio.Output.Length > before.Length, "the guest ticks again");
    }

    [Theory, OnContainerd]
    public async Task A_paused_guest_can_be_killed(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "sleep", "3600"], "sleeping");
        await task.PauseAsync();

        await task.KillAsync(Signals.Kill);
        await task.ResumeAsync().ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.Equal(137u, await task.WaitAsync());
        await task.DeleteAsync();
    }

    [Theory, OnContainerd]
    public async Task An_updated_memory_limit_is_in_the_control_group(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "sleep", "3600"], "sleeping");

        await task.UpdateAsync("""{"memory":{"limit":134217728}}""");

        Assert.Equal("134217728", File.ReadAllText($"/sys/fs/cgroup/memory/{node.Namespace}/{task.Id}/memory.limit_in_bytes").Trim());
    }

    [Theory, OnContainerd]
    public async Task A_guest_over_its_memory_limit_is_killed_and_the_event_says_why(string version)
    {
        Assert.SkipWhen(Repository.IsNode, "in a shared process memory.grow is refused, and the guest decides what comes of it (docs/decisions/0012)");
        var node = await NodeAsync(version);
        await using var events = await EventLog.StartAsync(node);
        await using var task = await TestTask.StartAsync(node, ["--memory-limit", "67108864", "--", "/toolbox.wasm", "hold", "500"]);

        Assert.Equal(137u, await task.WaitAsync());

        await events.HoldsAsync(task.Id, "/tasks/oom");
        await task.DeleteAsync();
    }

    [Theory, OnContainerd]
    public async Task A_terminal_is_seen_by_the_guest(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.CreateAsync(node, ["/toolbox.wasm", "tty"], terminal: true);
        await task.StartAsync();

        await task.Stdio.SaysAsync("a terminal");

        Assert.Equal(0u, await task.WaitAsync());
        await task.DeleteAsync();
    }

    [Theory, OnContainerd]
    public async Task A_terminal_echoes_and_gives_lines_to_the_guest(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.CreateAsync(node, ["/toolbox.wasm", "cat"], withInput: true, terminal: true);
        await task.StartAsync();

        await task.Stdio.WriteAsync("typed\n");

        await Eventually.BecomesTrueAsync(
            () => task.Stdio.Output.Split("typed").Length == 3, "once by echo, once by the guest");
        await task.KillAsync(Signals.Kill);
        await task.WaitAsync();
        await task.DeleteAsync();
    }

    [Theory, OnContainerd]
    public async Task A_resized_terminal_tells_the_program(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.CreateAsync(node, ["/bin/sidecar", "size"], terminal: true);
        await task.StartAsync();
        await task.Stdio.SaysAsync(" x ");

        await task.ResizeAsync(132, 43);

        await task.Stdio.SaysAsync("132 x 43");
    }

    [Theory, OnContainerd]
    public async Task Closed_input_ends_what_the_guest_reads(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.CreateAsync(node, ["/toolbox.wasm", "cat"], withInput: true);
        await task.StartAsync();
        await task.Stdio.WriteAsync("the last words\n");
        await task.Stdio.SaysAsync("the last words");

        task.Stdio.CloseInput();
        await task.CloseInputAsync();

        Assert.Equal(0u, await task.WaitAsync());
        await task.DeleteAsync();
    }

    private static async Task<string> SettledOutputAsync(TestTask task)
    {
        // What the guest wrote before the pause may still be on its way through the FIFO.
        var previous = "";
        await Eventually.BecomesTrueAsync(
            () =>
            {
                var now = task.Stdio.Output;
                var same = now == previous;
                previous = now;
                return same;
            },
            "the output of a paused guest stops");
        return previous;
    }
}
