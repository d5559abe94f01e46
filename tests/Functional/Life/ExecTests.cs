using Grpc.Core;
using Skiff.Harness;
using Skiff.Harness.Wire;

namespace Skiff.Functional.Life;

/// <summary>Further processes in a running container: what <c>kubectl exec</c> and probes of type exec need.</summary>
public sealed class ExecTests(Nodes nodes) : NodeTest(nodes)
{
    [Theory, OnContainerd]
    public async Task Another_run_of_the_same_module_is_executed(string version)
    {
        await using var task = await SleeperAsync(version);

        Assert.Equal("a\nb\n", (await task.RunExecAsync("/toolbox.wasm", "args", "a", "b")).Succeeded());
        Assert.Equal(6, (await task.RunExecAsync("/toolbox.wasm", "exit", "6")).ExitCode);
    }

    [Theory, OnContainerd]
    public async Task Another_export_of_the_module_is_executed(string version)
    {
        await using var task = await SleeperAsync(version);

        Assert.Contains("greetings from an export", (await task.RunExecAsync("/toolbox.wasm#greet")).Succeeded(), StringComparison.Ordinal);
    }

    [Theory, OnContainerd]
    public async Task Another_module_of_the_image_is_executed(string version)
    {
        await using var task = await SleeperAsync(version);

        Assert.Equal("hello from text\n", (await task.RunExecAsync("/hello.wat")).Succeeded());
    }

    [Theory, OnContainerd]
    public async Task A_native_program_of_the_image_is_executed(string version)
    {
        Assert.SkipWhen(Repository.IsNode, "a guest in a shared process has no container for a native program (docs/decisions/0011)");
        await using var task = await SleeperAsync(version);

        var result = await task.RunExecAsync("/bin/native-hello", "4");

        Assert.Equal("hello from native code\n", result.Output);
        Assert.Equal(4, result.ExitCode);
    }

    [Theory, OnContainerd]
    public async Task A_native_container_executes_a_native_program(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/bin/native-sleep"], "sleeping");

        Assert.Equal("hello from native code\n", (await task.RunExecAsync("/bin/native-hello")).Succeeded());
    }

    [Theory, OnContainerd]
    public async Task Ctr_executes_too(string version)
    {
        await using var task = await SleeperAsync(version);

        var result = await task.Node.Ctr.TryAsync("task", "exec", "--exec-id", "e1", task.Id, "/toolbox.wasm", "exit", "8");

        Assert.Equal(8, result.ExitCode);
    }

    [Theory, OnContainerd]
    public async Task A_program_that_is_not_there_is_named_in_the_error(string version)
    {
        await using var task = await SleeperAsync(version);
        using var stdio = await task.ExecAsync("missing", ["/missing.wasm"]);

        var error = await Assert.ThrowsAsync<RpcException>(() => task.StartAsync("missing"));

        Assert.Contains("missing.wasm", error.Status.Detail, StringComparison.Ordinal);
        await task.DeleteExecAsync("missing");
        Assert.Equal(ProcessStatus.Running, (await task.StateAsync()).Status);
    }

    [Theory, OnContainerd]
    public async Task An_exec_is_killed_without_harm_to_the_init(string version)
    {
        await using var task = await SleeperAsync(version);
        using var stdio = await task.ExecAsync("loop", ["/loop.wat"]);
        var pid = await task.StartAsync("loop");
        Assert.Contains(pid, await task.PidsAsync());

        await task.KillAsync(Signals.Kill, "loop");

        Assert.Equal(137u, await task.WaitAsync("loop"));
        Assert.Equal(137u, (await task.DeleteExecAsync("loop")).ExitStatus);
        Assert.Equal(ProcessStatus.Running, (await task.StateAsync()).Status);
    }

    [Theory, OnContainerd]
    public async Task TERM_ends_an_exec_with_143(string version)
    {
        await using var task = await SleeperAsync(version);
        using var stdio = await task.ExecAsync("sleep", ["/toolbox.wasm", "sleep", "3600"]);
        await task.StartAsync("sleep");
        await stdio.SaysAsync("sleeping");

        await task.KillAsync(Signals.Terminate, "sleep");

        Assert.Equal(143u, await task.WaitAsync("sleep"));
        await task.DeleteExecAsync("sleep");
    }

    [Theory, OnContainerd]
    public async Task An_exec_ends_with_the_init(string version)
    {
        await using var task = await SleeperAsync(version);
        using var stdio = await task.ExecAsync("sleep", ["/toolbox.wasm", "sleep", "3600"]);
        await task.StartAsync("sleep");
        await stdio.SaysAsync("sleeping");

        await task.KillAsync(Signals.Kill);

        Assert.Equal(137u, await task.WaitAsync());
        Assert.Equal(137u, await task.WaitAsync("sleep"));
        await task.DeleteExecAsync("sleep");
        await task.DeleteAsync();
    }

    [Theory, OnContainerd]
    public async Task Twenty_execs_at_once_each_give_their_own_answer(string version)
    {
        await using var task = await SleeperAsync(version);

        var results = await Task.WhenAll(Enumerable.Range(1, 20).Select(number => task.RunExecAsync("/toolbox.wasm", "exit", $"{number}")));

        Assert.Equal(Enumerable.Range(1, 20), results.Select(result => result.ExitCode).Order());
    }

    private async Task<TestTask> SleeperAsync(string version) =>
        await TestTask.StartAsync(await NodeAsync(version), ["/toolbox.wasm", "sleep", "3600"], "sleeping");
}
