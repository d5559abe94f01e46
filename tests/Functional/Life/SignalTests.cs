using Grpc.Core;
using Skiff.Harness;
using Skiff.Harness.Wire;

namespace Skiff.Functional.Life;

/// <summary>How a running guest is ended, and what every state of a task allows.</summary>
public sealed class SignalTests(Nodes nodes) : NodeTest(nodes)
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(1);

    [Theory, OnContainerd]
    public Task TERM_ends_a_loop_that_never_calls_the_host_at_once(string version) =>
        EndsAsync(version, ["/loop.wat"], null, Signals.Terminate, 143);

    [Theory, OnContainerd]
    public Task TERM_ends_a_loop_in_C_at_once(string version) =>
        EndsAsync(version, ["/toolbox.wasm", "loop"], "looping", Signals.Terminate, 143);

    [Theory, OnContainerd]
    public Task TERM_ends_a_guest_that_sleeps_at_once(string version) =>
        EndsAsync(version, ["/toolbox.wasm", "sleep", "3600"], "sleeping", Signals.Terminate, 143);

    [Theory, OnContainerd]
    public async Task TERM_ends_a_component_that_sleeps_at_once(string version)
    {
        Guest.Needed(Guest.ToolboxComponent);
        await EndsAsync(version, ["/toolbox-p2.wasm", "sleep", "3600"], "sleeping", Signals.Terminate, 143);
    }

    [Theory, OnContainerd]
    public async Task TERM_ends_a_guest_that_waits_for_input_at_once(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.CreateAsync(node, ["/toolbox.wasm", "cat"], withInput: true);
        await task.StartAsync();
        await task.Stdio.WriteAsync("I am here\n");
        await task.Stdio.SaysAsync("I am here");

        await task.KillAsync(Signals.Terminate);

        Assert.Equal(143u, await task.WaitAsync(deadline: AtOnce));
        await task.DeleteAsync();
    }

    [Theory, OnContainerd]
    public Task INT_ends_a_guest_with_130(string version) =>
        EndsAsync(version, ["/toolbox.wasm", "sleep", "3600"], "sleeping", Signals.Interrupt, 130);

    [Theory, OnContainerd]
    public Task KILL_ends_a_guest_with_137(string version) =>
        EndsAsync(version, ["/loop.wat"], null, Signals.Kill, 137);

    [Theory, OnContainerd]
    public Task TERM_ends_a_native_program(string version) =>
        EndsAsync(version, ["/bin/native-sleep"], "sleeping", Signals.Terminate, 143);

    [Theory, OnContainerd]
    public async Task A_kill_after_the_end_does_no_harm(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "exit", "3"]);
        Assert.Equal(3u, await task.WaitAsync());

        var error = await Record.ExceptionAsync(() => task.KillAsync(Signals.Kill, all: true));

        Assert.True(error is null or RpcException { StatusCode: StatusCode.NotFound }, error?.ToString());
        Assert.Equal(3u, (await task.DeleteAsync()).ExitStatus);
    }

    [Theory, OnContainerd]
    public async Task A_signal_that_means_nothing_to_a_guest_is_harmless(string version)
    {
        const int Continue = 18;
        const int WindowChange = 28;
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "sleep", "3600"], "sleeping");

        await task.KillAsync(Continue);
        await task.KillAsync(WindowChange);

        Assert.Equal(ProcessStatus.Running, (await task.StateAsync()).Status);
    }

    [Theory, OnContainerd]
    public async Task Create_makes_a_waiting_process_in_its_own_namespaces(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.PrepareAsync(node, ["/toolbox.wasm"]);

        var pid = await task.CreateTaskAsync();

        Assert.Equal(ProcessStatus.Created, (await task.StateAsync()).Status);
        Assert.Equal("", task.Stdio.Output);
        Assert.NotEqual(NamespaceOf("self", "net"), NamespaceOf(pid.ToString(null, null), "net"));
        Assert.NotEqual(NamespaceOf("self", "mnt"), NamespaceOf(pid.ToString(null, null), "mnt"));
        await task.StartAsync();
        Assert.Equal(0u, await task.WaitAsync());
        await task.Stdio.Ended.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("hello from C\n", task.Stdio.Output);
        await task.DeleteAsync();
    }

    [Theory, OnContainerd]
    public async Task A_created_task_can_be_killed(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.CreateAsync(node, ["/toolbox.wasm"]);

        await task.KillAsync(Signals.Kill);

        Assert.Equal(137u, await task.WaitAsync());
        Assert.Equal(137u, (await task.DeleteAsync()).ExitStatus);
    }

    [Theory, OnContainerd]
    public async Task A_created_task_can_be_deleted(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.CreateAsync(node, ["/toolbox.wasm"]);

        Assert.Equal(137u, (await task.DeleteAsync()).ExitStatus);
    }

    [Theory, OnContainerd]
    public async Task A_running_task_is_not_deleted(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "sleep", "3600"], "sleeping");

        var error = await Assert.ThrowsAsync<RpcException>(task.DeleteAsync);

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Equal(ProcessStatus.Running, (await task.StateAsync()).Status);
    }

    [Theory, OnContainerd]
    public async Task A_running_task_is_not_started_again(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "sleep", "3600"], "sleeping");

        var error = await Assert.ThrowsAsync<RpcException>(() => task.StartAsync());

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
    }

    [Theory, OnContainerd]
    public async Task The_exit_is_known_between_the_end_and_the_delete(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "exit", "9"]);

        await task.WaitAsync();
        var state = await task.StateAsync();

        Assert.Equal(ProcessStatus.Stopped, state.Status);
        Assert.Equal(9u, state.ExitStatus);
        var deleted = await task.DeleteAsync();
        Assert.Equal(9u, deleted.ExitStatus);
        Assert.Equal(state.ExitedAt, deleted.ExitedAt);
    }

    [Theory, OnContainerd]
    public async Task All_waiters_hear_of_the_same_end(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.CreateAsync(node, ["/toolbox.wasm", "exit", "4"]);

        var waiters = Enumerable.Range(0, 50).Select(_ => task.WaitAsync()).ToArray();
        await task.StartAsync();

        Assert.All(await Task.WhenAll(waiters), code => Assert.Equal(4u, code));
        await task.DeleteAsync();
    }

    private async Task EndsAsync(string version, string[] arguments, string? says, int signal, uint code)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, arguments, says);

        var begin = TimeProvider.System.GetTimestamp();
        await task.KillAsync(signal);
        var ended = await task.WaitAsync(deadline: TimeSpan.FromSeconds(10));

        Assert.Equal(code, ended);
        Assert.InRange(TimeProvider.System.GetElapsedTime(begin), TimeSpan.Zero, AtOnce);
        await task.Stdio.Ended.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(code, (await task.DeleteAsync()).ExitStatus);
    }

    private static string NamespaceOf(string pid, string kind) =>
        new FileInfo($"/proc/{pid}/ns/{kind}").LinkTarget ?? throw new InvalidOperationException($"process {pid} is gone");
}
