using Skiff.Sandbox;
using Skiff.Shim.Tasks;
using Skiff.Shim.Tests.Doubles;

namespace Skiff.Shim.Tests.Tasks;

public sealed class ExecTests
{
    private readonly TestTasks _tasks = new();

    private TaskService Service => _tasks.Service;

    [Fact]
    public async Task An_exec_is_told_from_its_beginning_to_its_end()
    {
        var guest = await _tasks.RunAsync();
        _tasks.AddExec("e");
        Assert.Empty(guest.Execs);
        var pid = await Service.StartAsync("c", "e");
        guest.Execs[0].End(4);

        Assert.Equal((pid, 4), ((await _tasks.WaitAsync("e")).Pid, (await _tasks.WaitAsync("e")).Status));
        Assert.Equal(4, (await Service.DeleteAsync("c", "e")).Status);
        Assert.Equal("TaskCreated TaskStarted ExecAdded ExecStarted ExecExited", _tasks.Events.Story);
        Assert.Equal(1, _tasks.Stdio.Open);
    }

    [Fact]
    public async Task Execs_end_before_their_init()
    {
        var guest = await _tasks.RunAsync();
        _tasks.AddExec("e");
        await Service.StartAsync("c", "e");
        guest.End(0);
        await _tasks.WaitAsync();

        Assert.EndsWith("ExecExited ProcessExited", _tasks.Events.Story, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exec_that_will_not_end_holds_the_init_back_only_for_a_while()
    {
        var guest = await _tasks.RunAsync();
        var started = new TaskCompletionSource();
        guest.OnExecStart = _ => started.Task;
        _tasks.AddExec("e");
        var starting = Service.StartAsync("c", "e");
        await TestTasks.BecomesTrueAsync(() => guest.Execs.Count == 1);
        var waiting = _tasks.WaitAsync();
        guest.End(0);
        await TestTasks.BecomesTrueAsync(() => _tasks.Time.Waiting == 1);
        Assert.False(waiting.IsCompleted);

        _tasks.Time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(0, (await waiting).Status);
        started.SetResult();
        await starting;
    }

    [Fact]
    public async Task An_exec_that_cannot_start_is_over()
    {
        var guest = await _tasks.RunAsync();
        guest.OnExecStart = _ => throw new SandboxException("executable not found", SandboxFault.NotFound);
        _tasks.AddExec("e");
        var waiting = _tasks.WaitAsync("e");

        await Assert.ThrowsAsync<SandboxException>(() => Service.StartAsync("c", "e"));

        Assert.Equal(255, (await waiting).Status);
        await Service.DeleteAsync("c", "e");
        Assert.Equal("TaskCreated TaskStarted ExecAdded", _tasks.Events.Story);
        Assert.Equal(1, _tasks.Stdio.Open);
    }

    [Fact]
    public async Task An_exec_that_never_started_can_be_deleted()
    {
        await _tasks.RunAsync();
        _tasks.AddExec("e");
        var waiting = _tasks.WaitAsync("e");
        Assert.Equal(ProcessState.Created, Service.State("c", "e").State);

        Assert.Equal(137, (await Service.DeleteAsync("c", "e")).Status);
        Assert.Equal(137, (await waiting).Status);
    }

    [Fact]
    public async Task Those_who_wait_for_an_unstarted_exec_are_answered_when_the_task_is_deleted()
    {
        var guest = await _tasks.RunAsync();
        _tasks.AddExec("e");
        var waiting = _tasks.WaitAsync("e");
        guest.End(0);
        await _tasks.WaitAsync();
        await Service.DeleteAsync("c", "");

        Assert.Equal(137, (await waiting).Status);
    }

    [Fact]
    public async Task An_exec_id_is_taken_once()
    {
        await _tasks.RunAsync();
        _tasks.AddExec("e");

        Assert.Equal(ShimError.AlreadyExists, Assert.Throws<ShimException>(() => _tasks.AddExec("e")).Error);
    }

    [Fact]
    public async Task Execs_are_bounded()
    {
        await _tasks.RunAsync();
        for (var i = 0; i < 1024; i++)
        {
            _tasks.AddExec($"e{i}");
        }

        Assert.Equal(ShimError.ResourceExhausted, Assert.Throws<ShimException>(() => _tasks.AddExec("one-more")).Error);
    }

    [Fact]
    public async Task An_exec_cannot_start_in_a_task_that_has_not()
    {
        await _tasks.CreateAsync();
        _tasks.AddExec("e");

        Assert.Equal(
            ShimError.FailedPrecondition, (await Assert.ThrowsAsync<ShimException>(() => Service.StartAsync("c", "e"))).Error);
    }

    [Fact]
    public async Task Kill_reaches_the_exec_it_names()
    {
        var guest = await _tasks.RunAsync();
        _tasks.AddExec("e");
        await Assert.ThrowsAsync<ShimException>(() => Service.KillAsync("c", "e", 15, all: false));
        await Service.StartAsync("c", "e");
        await Service.KillAsync("c", "e", 15, all: false);

        Assert.Equal(143, (await _tasks.WaitAsync("e")).Status);
        Assert.False(guest.HasEnded);
    }

    [Fact]
    public async Task Kill_all_reaches_init_and_execs()
    {
        var guest = await _tasks.RunAsync();
        _tasks.AddExec("e");
        await Service.StartAsync("c", "e");
        await Service.KillAsync("c", "", 15, all: true);

        Assert.Equal((143, 143), ((await _tasks.WaitAsync("e")).Status, (await _tasks.WaitAsync()).Status));
        Assert.True(guest.HasEnded);
    }
}
