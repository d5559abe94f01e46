using Skiff.Linux;
using Skiff.Sandbox;
using Skiff.Shim.Events;

namespace Skiff.Shim.Tasks;

/// <summary>How ends are learned and told: start before exit, execs before their init, OOM before the exit.</summary>
internal sealed partial class TaskService
{
    /// <summary>
    /// How long the init's exit is held back for execs that end with it. The kernel kills them with the pid namespace, we do
    /// it otherwise; only one stuck in the kernel takes longer, and then the init's exit is told first.
    /// </summary>
    private static readonly TimeSpan ExecsGrace = TimeSpan.FromSeconds(2);

    private async Task WatchInitAsync(GuestTask task)
    {
        var exit = await EndOfAsync(task.Init);
        await EnterExitingAsync(task.Init);
        task.Init.Stdio!.GuestEnded();

        await CollectExecsAsync(task);
        TellOutOfMemory(task);
        await task.Init.Stdio.OutputReadAsync();
        lock (_gate)
        {
            task.Init.RecordExit(exit);
            events.Publish(new ProcessExited(task.Id, task.Id, exit.Pid, exit.Status, exit.At));
            if (task.Init.State == ProcessState.Exiting)
            {
                task.Init.State = ProcessState.Stopped;
            }

            task.Init.TellExit();
        }
    }

    private async Task WatchExecAsync(TaskProcess exec)
    {
        var exit = await EndOfAsync(exec);
        exec.Stdio!.GuestEnded();
        await exec.Stdio.OutputReadAsync();
        lock (_gate)
        {
            if (exec.Exit is not null)
            {
                // Told already, when its task was deleted.
                return;
            }

            exec.RecordExit(exit);
            events.Publish(new ProcessExited(exec.ContainerId, exec.ExecId, exit.Pid, exit.Status, exit.At));
            exec.State = ProcessState.Stopped;
            exec.TellExit();
        }
    }

    private async Task<ExitRecord> EndOfAsync(TaskProcess process)
    {
        try
        {
            var exit = await process.Guest!.Exit;
            return new ExitRecord(process.Guest.Pid, exit.Code, exit.At);
        }
        catch (Exception failure)
        {
            // Whoever waits for this process must be answered all the same.
            log.Error($"{process.Name}: its exit status is lost", failure);
            return new ExitRecord(process.Guest!.Pid, ExitRecord.UnknownStatus, time.GetUtcNow());
        }
    }

    /// <summary>Lets a start under way be told first. A Delete of the created task keeps its state: it waits for this exit.</summary>
    private async Task EnterExitingAsync(TaskProcess init)
    {
        while (true)
        {
            Task starting;
            lock (_gate)
            {
                starting = init.StartSettled;
                if (starting.IsCompleted)
                {
                    if (init.State != ProcessState.Deleting)
                    {
                        init.State = ProcessState.Exiting;
                    }

                    return;
                }
            }

            await starting;
        }
    }

    private async Task CollectExecsAsync(GuestTask task)
    {
        // In a shared pid namespace nothing ends with the init by itself, and what is left would hold its stdio open.
        Attempt(task.Init, "cannot kill what is left in it", () => task.Guest!.SignalAll(SIGKILL));

        Task[] ends;
        lock (_gate)
        {
            ends = [.. task.Execs.Values.Where(exec => exec.State is ProcessState.Running or ProcessState.Starting).Select(exec => exec.Exited)];
        }

        if (!await AllAsync(ends).EndsWithinAsync(ExecsGrace, time))
        {
            log.Warn($"{task.Init.Name}: has ended, but an exec in it has not {ExecsGrace.TotalSeconds:0} s later; its exit will be told when it comes");
        }
    }

    private static async Task AllAsync(Task[] tasks)
    {
        foreach (var task in tasks)
        {
            await task;
        }
    }

    private async Task WatchOutOfMemoryAsync(GuestTask task)
    {
        try
        {
            while (await task.Guest!.WaitForOomAsync(task.Watching.Token))
            {
                TellOutOfMemory(task);
            }
        }
        catch (OperationCanceledException)
        {
            // The task was deleted.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or SandboxException)
        {
            log.Error($"{task.Init.Name}: cannot watch its control group for OOM kills; it is still looked at when the task ends", failure);
        }
    }

    /// <summary>Tells of OOM kills that have not been told yet. CRI makes the reason OOMKilled of it, if it comes before the exit.</summary>
    private void TellOutOfMemory(GuestTask task) => Attempt(task.Init, "cannot read its OOM kills", () =>
    {
        var kills = task.Guest!.OomKills();
        lock (_gate)
        {
            if (kills > task.OomKillsTold && task.Init.Exit is null)
            {
                task.OomKillsTold = kills;
                events.Publish(new TaskOutOfMemory(task.Id));
            }
        }
    });

    /// <summary>For steps on the way of an exit that must not hold it up: the failure is logged and the exit is told.</summary>
    private void Attempt(TaskProcess process, string failing, Action step)
    {
        try
        {
            step();
        }
        catch (Exception failure) when (failure is LinuxException or SandboxException or IOException or UnauthorizedAccessException)
        {
            log.Error($"{process.Name}: {failing}", failure);
        }
    }
}
