using Skiff.Sandbox;
using Skiff.Shim.Tasks;
using Skiff.Shim.Tests.Doubles;

namespace Skiff.Shim.Tests.Tasks;

public sealed class TaskServiceTests
{
    private readonly TestTasks _tasks = new();

    private TaskService Service => _tasks.Service;

    [Fact]
    public async Task A_life_is_told_in_order()
    {
        var guest = await _tasks.RunAsync();
        guest.End(7);
        await _tasks.WaitAsync();
        var exit = await Service.DeleteAsync("c", "");

        Assert.Equal("TaskCreated TaskStarted ProcessExited TaskDeleted", _tasks.Events.Story);
        Assert.Equal((guest.Pid, 7), (exit.Pid, exit.Status));
        Assert.True(guest.Deleted);
        Assert.Equal((0, 0), (Service.Count, _tasks.Stdio.Open));
    }

    [Fact]
    public async Task Create_answers_the_pid_of_the_waiting_init()
    {
        var pid = await _tasks.CreateAsync();

        Assert.Equal(_tasks.Guest.Pid, pid);
        Assert.False(_tasks.Guest.Started);
        Assert.Equal(ProcessState.Created, Service.State("c", "").State);
    }

    [Fact]
    public async Task A_second_create_of_the_same_id_is_refused()
    {
        await _tasks.CreateAsync();

        await RefusedAsync(ShimError.AlreadyExists, () => _tasks.CreateAsync());
        Assert.Equal(1, Service.Count);
    }

    [Fact]
    public async Task A_create_that_fails_leaves_nothing()
    {
        _tasks.Sandbox.OnCreate = (_, _) => throw new SandboxException("no such runtime", SandboxFault.FailedPrecondition);

        await Assert.ThrowsAsync<SandboxException>(() => _tasks.CreateAsync());

        Assert.Equal((0, 0, ""), (Service.Count, _tasks.Stdio.Open, _tasks.Events.Story));
        Assert.Throws<ShimException>(() => Service.State("c", ""));
    }

    [Fact]
    public async Task A_create_whose_caller_has_gone_leaves_nothing()
    {
        using var gone = new CancellationTokenSource();
        _tasks.Sandbox.OnCreate = (_, cancellation) => Task.Delay(Timeout.Infinite, cancellation);
        var create = Service.CreateAsync(
            new TaskCreation("c", "/b", [], Skiff.Shim.Stdio.StdioAddresses.None, Skiff.Shim.Bootstrap.ShimOptions.Default), gone.Token);
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => create);
        Assert.Equal((0, 0), (Service.Count, _tasks.Stdio.Open));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    public async Task An_id_that_is_no_file_name_is_refused(string id) => await RefusedAsync(ShimError.InvalidArgument, () => _tasks.CreateAsync(id));

    [Fact]
    public async Task Start_twice_is_refused()
    {
        await _tasks.RunAsync();

        await RefusedAsync(ShimError.FailedPrecondition, () => Service.StartAsync("c", ""));
    }

    [Fact]
    public async Task An_init_that_dies_inside_start_has_started_all_the_same()
    {
        await _tasks.CreateAsync();
        var guest = _tasks.Guest;
        guest.OnStart = async process =>
        {
            process.End(3);
            await Task.Delay(20);
        };

        Assert.Equal(guest.Pid, await Service.StartAsync("c", ""));

        Assert.Equal(3, (await _tasks.WaitAsync()).Status);
        Assert.Equal("TaskCreated TaskStarted ProcessExited", _tasks.Events.Story);
    }

    [Fact]
    public async Task A_start_that_fails_can_be_deleted()
    {
        await _tasks.CreateAsync();
        _tasks.Guest.OnStart = _ => throw new SandboxException("hook failed");
        await Assert.ThrowsAsync<SandboxException>(() => Service.StartAsync("c", ""));

        Assert.Equal(137, (await Service.DeleteAsync("c", "")).Status);
        Assert.Equal("TaskCreated ProcessExited TaskDeleted", _tasks.Events.Story);
    }

    [Fact]
    public async Task Delete_of_a_created_task_kills_it()
    {
        await _tasks.CreateAsync();

        Assert.Equal(137, (await Service.DeleteAsync("c", "")).Status);
        Assert.True(_tasks.Guest.HasEnded);
        Assert.Equal("TaskCreated ProcessExited TaskDeleted", _tasks.Events.Story);
    }

    [Fact]
    public async Task Delete_of_a_running_task_is_refused()
    {
        await _tasks.RunAsync();

        await RefusedAsync(ShimError.FailedPrecondition, () => Service.DeleteAsync("c", ""));
        Assert.False(_tasks.Guest.HasEnded);
    }

    [Fact]
    public async Task A_delete_that_fails_can_be_tried_again()
    {
        var guest = await _tasks.RunAsync();
        guest.End(0);
        await _tasks.WaitAsync();
        guest.OnStep = step => throw new SandboxException("device busy");
        await Assert.ThrowsAsync<SandboxException>(() => Service.DeleteAsync("c", ""));
        guest.OnStep = _ => Task.CompletedTask;

        await Service.DeleteAsync("c", "");

        Assert.Equal("TaskCreated TaskStarted ProcessExited TaskDeleted", _tasks.Events.Story);
    }

    [Fact]
    public async Task All_who_wait_are_answered_the_same()
    {
        await _tasks.CreateAsync();
        var before = _tasks.WaitAsync();
        await Service.StartAsync("c", "");
        var during = Enumerable.Range(0, 100).Select(_ => _tasks.WaitAsync()).ToList();
        _tasks.Guest.End(5);
        var first = await before;
        _tasks.Time.Advance(TimeSpan.FromHours(1));

        Assert.All(await Task.WhenAll(during), exit => Assert.Same(first, exit));
        Assert.Same(first, await _tasks.WaitAsync());
        Assert.Equal(first, Service.State("c", "").Exit);
    }

    [Fact]
    public async Task A_wait_that_is_given_up_disturbs_nobody()
    {
        await _tasks.RunAsync();
        using var connection = new CancellationTokenSource();
        var lost = Service.WaitAsync("c", "", connection.Token);
        var kept = _tasks.WaitAsync();
        await connection.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lost);
        _tasks.Guest.End(0);
        Assert.Equal(0, (await kept).Status);
    }

    [Fact]
    public async Task Kill_of_a_created_task_ends_it()
    {
        await _tasks.CreateAsync();
        await Service.KillAsync("c", "", 9, all: true);

        Assert.Equal(137, (await _tasks.WaitAsync()).Status);
        await Service.DeleteAsync("c", "");
        Assert.Equal("TaskCreated ProcessExited TaskDeleted", _tasks.Events.Story);
    }

    [Fact]
    public async Task Kill_after_the_end_says_already_finished()
    {
        var guest = await _tasks.RunAsync();
        guest.End(0);
        await _tasks.WaitAsync();

        var refusal = await RefusedAsync(ShimError.NotFound, () => Service.KillAsync("c", "", 9, all: false));
        Assert.Contains("process already finished", refusal.Message, StringComparison.Ordinal);
        await Service.KillAsync("c", "", 9, all: true);
    }

    [Theory]
    [InlineData(18, true)]
    [InlineData(64, true)]
    [InlineData(0, true)]
    [InlineData(65, false)]
    [InlineData(int.MaxValue, false)]
    public async Task A_signal_nobody_knows_does_no_harm(int signal, bool exists)
    {
        await _tasks.RunAsync();

        var failure = await Record.ExceptionAsync(() => Service.KillAsync("c", "", signal, all: false));

        Assert.Equal(exists, failure is null);
        Assert.False(_tasks.Guest.HasEnded);
    }

    [Fact]
    public async Task A_paused_task_that_is_killed_is_thawed()
    {
        var guest = await _tasks.RunAsync();
        await Service.PauseAsync("c");
        Assert.Equal(ProcessState.Paused, Service.State("c", "").State);

        await Service.KillAsync("c", "", 9, all: false);

        Assert.Equal(137, (await _tasks.WaitAsync()).Status);
        Assert.True(guest.HasEnded);
    }

    [Fact]
    public async Task Pause_and_resume_are_told()
    {
        var guest = await _tasks.RunAsync();
        await Service.PauseAsync("c");
        Assert.True(guest.Paused);
        await RefusedAsync(ShimError.FailedPrecondition, () => Service.PauseAsync("c"));
        await RefusedAsync(ShimError.FailedPrecondition, () => Service.DeleteAsync("c", ""));
        await Service.ResumeAsync("c");

        Assert.False(guest.Paused);
        Assert.Equal("TaskCreated TaskStarted TaskPaused TaskResumed", _tasks.Events.Story);
    }

    [Fact]
    public async Task A_pause_that_fails_leaves_it_running()
    {
        var guest = await _tasks.RunAsync();
        guest.OnStep = _ => throw new SandboxException("no freezer");
        await Assert.ThrowsAsync<SandboxException>(() => Service.PauseAsync("c"));

        Assert.Equal(ProcessState.Running, Service.State("c", "").State);
    }

    [Fact]
    public async Task Pids_are_told_while_it_lives_and_until_it_is_deleted()
    {
        var guest = await _tasks.RunAsync();
        _tasks.AddExec("e");
        await Service.StartAsync("c", "e");
        Assert.Equal([guest.Pid, guest.Execs[0].Pid], Service.Pids("c"));
        guest.End(0);
        await _tasks.WaitAsync();

        Assert.Equal([guest.Pid], Service.Pids("c"));
    }

    [Fact]
    public async Task Connect_knows_the_pid_or_answers_zero()
    {
        await _tasks.CreateAsync();

        Assert.Equal(_tasks.Guest.Pid, Service.PidOf("c"));
        Assert.Equal(0, Service.PidOf("stranger"));
    }

    [Fact]
    public async Task Update_reaches_the_guest()
    {
        await _tasks.RunAsync();
        await Service.UpdateAsync("c", "{\"memory\":{}}"u8.ToArray(), CancellationToken.None);

        Assert.Equal("{\"memory\":{}}"u8.ToArray(), _tasks.Guest.UpdatedTo);
    }

    [Fact]
    public async Task An_exit_that_is_lost_is_told_as_unknown()
    {
        var guest = await _tasks.RunAsync();
        guest.LoseExit();

        Assert.Equal(255, (await _tasks.WaitAsync()).Status);
        Assert.Contains(_tasks.LogLines, line => line.Contains("exit status is lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_closed_service_refuses_new_tasks_until_it_reopens()
    {
        Assert.True(Service.TryClose());
        await RefusedAsync(ShimError.Unavailable, () => _tasks.CreateAsync());
        Service.Reopen();
        await _tasks.CreateAsync();

        Assert.False(Service.TryClose());
    }

    [Fact]
    public async Task A_finished_task_whose_bundle_is_gone_is_removed()
    {
        var guest = await _tasks.RunAsync();
        await Service.RemoveAbandonedAsync();
        Assert.Equal(1, Service.Count);
        guest.End(0);
        await _tasks.WaitAsync();
        await Service.RemoveAbandonedAsync();

        Assert.Equal(0, Service.Count);
        Assert.True(guest.Deleted);
    }

    [Fact]
    public async Task Resize_without_a_terminal_is_refused()
    {
        await _tasks.RunAsync();

        Assert.Equal(
            ShimError.FailedPrecondition,
            Assert.Throws<ShimException>(() => Service.ResizePty("c", "", 80, 25)).Error);
    }

    [Fact]
    public async Task CloseIO_closes_stdin()
    {
        await _tasks.RunAsync();
        Service.CloseInput("c", "");

        Assert.True(_tasks.Stdio.Opened[0].InputClosed);
    }

    private static async Task<ShimException> RefusedAsync(ShimError error, Func<Task> call)
    {
        var refusal = await Assert.ThrowsAsync<ShimException>(call);
        Assert.Equal(error, refusal.Error);
        return refusal;
    }
}
