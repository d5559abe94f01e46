using Skiff.Guest;
using Skiff.Linux;
using Skiff.Sandbox;
using Skiff.Shim.Events;

namespace Skiff.Shim.Tasks;

/// <summary>The calls that ask or change a task without ending its life.</summary>
internal sealed partial class TaskService
{
    private const int SignalMax = 64;

    /// <summary>How long a killed task that could not be thawed may take to prove that it needed no thaw.</summary>
    private static readonly TimeSpan ThawGrace = TimeSpan.FromSeconds(1);

    public TaskStatus State(string id, string execId)
    {
        lock (_gate)
        {
            var (task, process) = FindProcess(id, execId);
            process.Require(ProcessCall.State);
            return new TaskStatus(
                id, execId, task.Bundle, process.Guest?.Pid ?? 0, process.State, process.Addresses,
                process.State is ProcessState.Stopped or ProcessState.Deleting ? process.Exit : null);
        }
    }

    /// <summary>Completes when the process has ended; at once if it has. Cancelling gives up only this wait.</summary>
    public Task<ExitRecord> WaitAsync(string id, string execId, CancellationToken cancellation)
    {
        lock (_gate)
        {
            var (_, process) = FindProcess(id, execId);
            process.Require(ProcessCall.Wait);
            return process.Exited.WaitAsync(cancellation);
        }
    }

    /// <param name="all">Every process of the task; after its end this finds what is left over and is no error.</param>
    public async Task KillAsync(string id, string execId, int signal, bool all)
    {
        if (signal is < 0 or > SignalMax)
        {
            throw new ShimException(ShimError.InvalidArgument, $"signal {signal}: there is none by this number (0 to {SignalMax})");
        }

        GuestTask task;
        TaskProcess process;
        var everything = all && execId.Length == 0;
        lock (_gate)
        {
            (task, process) = FindProcess(id, execId);
            if (!(everything && Transitions.Of(process.State, ProcessCall.Kill) == Verdict.Over))
            {
                process.Require(ProcessCall.Kill);
            }
        }

        Signal(task, process, signal, everything);
        if (signal == SIGKILL && process.IsInit)
        {
            await ThawAsync(task);
        }
    }

    private static void Signal(GuestTask task, TaskProcess process, int signal, bool everything)
    {
        if (everything)
        {
            task.Guest!.SignalAll(signal);
            return;
        }

        if (process.Guest is not { } guest)
        {
            throw new ShimException(ShimError.FailedPrecondition, $"{process.Name}: cannot kill before it is started; delete it instead");
        }

        if (!guest.Signal(signal))
        {
            throw new ShimException(ShimError.NotFound, $"{process.Name}: process already finished");
        }
    }

    /// <summary>The freezer of cgroup v1 holds back even SIGKILL: a paused task would not end until somebody resumes it.</summary>
    private async Task ThawAsync(GuestTask task)
    {
        lock (_gate)
        {
            if (task.Init.State != ProcessState.Paused)
            {
                return;
            }
        }

        try
        {
            await ResumeAsync(task.Id);
        }
        catch (Exception failure) when (failure is ShimException or SandboxException)
        {
            // With cgroup v2 the kill has gone through already, and there is nothing left to resume.
            if (!await task.Init.Exited.EndsWithinAsync(ThawGrace, time))
            {
                throw;
            }
        }
    }

    public Task PauseAsync(string id) => ChangeAsync(
        id, ProcessCall.Pause, ProcessState.Pausing, ProcessState.Running, ProcessState.Paused,
        guest => guest.PauseAsync(CancellationToken.None), new TaskPaused(id));

    public Task ResumeAsync(string id) => ChangeAsync(
        id, ProcessCall.Resume, ProcessState.Resuming, ProcessState.Paused, ProcessState.Running,
        guest => guest.ResumeAsync(CancellationToken.None), new TaskResumed(id));

    /// <param name="resourcesJson">The OCI <c>linux.resources</c> object, JSON.</param>
    public Task UpdateAsync(string id, ReadOnlyMemory<byte> resourcesJson, CancellationToken cancellation) =>
        Guest(id, ProcessCall.Update).UpdateAsync(resourcesJson, cancellation);

    public static void Checkpoint(string id) => Transitions.Require(ProcessState.Running, ProcessCall.Checkpoint, $"task {id}");

    /// <summary>All tasks, in the order of their making.</summary>
    public IReadOnlyList<TaskSummary> Summaries()
    {
        lock (_gate)
        {
            return
            [
                .. _tasks.Values.OrderBy(task => task.CreatedAt)
                    .Select(task => new TaskSummary(task.Id, task.Guest?.Pod ?? task.Id, task.Init.State, task.CreatedAt, task.Init.Addresses.Output, task.Guest)),
            ];
        }
    }

    /// <summary>Where its figures are read, and those of a guest that shares its process.</summary>
    public async Task<(ControlGroup Group, GuestUsage? Usage)> UsageOfAsync(string id, CancellationToken cancellation)
    {
        var guest = Guest(id, ProcessCall.Stats);
        return (guest.ControlGroup, await guest.UsageAsync(cancellation));
    }

    /// <summary>Host pids of the task. After its end the init's, as long as the task is not deleted (see <see cref="Transitions"/>).</summary>
    public IReadOnlyList<int> Pids(string id)
    {
        var guest = Guest(id, ProcessCall.Pids);
        var pids = guest.Pids();
        return pids.Count > 0 ? pids : [guest.Pid];
    }

    /// <summary>The init's pid, or 0 for a task that is not known here: containerd probes with ids it is not sure of.</summary>
    public int PidOf(string id)
    {
        lock (_gate)
        {
            return TryFind(id, out var task) ? task.Guest?.Pid ?? 0 : 0;
        }
    }

    public void ResizePty(string id, string execId, int columns, int rows)
    {
        Terminal? terminal;
        lock (_gate)
        {
            var (_, process) = FindProcess(id, execId);
            process.Require(ProcessCall.ResizePty);
            if (!process.Addresses.Terminal)
            {
                throw new ShimException(ShimError.FailedPrecondition, $"{process.Name}: has no terminal to resize");
            }

            process.TerminalSize = (columns, rows);
            terminal = process.State >= ProcessState.Exiting ? null : process.Guest?.Terminal;
        }

        terminal?.Resize(columns, rows);
    }

    public void CloseInput(string id, string execId)
    {
        lock (_gate)
        {
            var (_, process) = FindProcess(id, execId);
            process.Require(ProcessCall.CloseInput);
            process.Stdio?.CloseInput();
        }
    }

    private IGuest Guest(string id, ProcessCall call)
    {
        lock (_gate)
        {
            var task = Find(id);
            task.Init.Require(call);
            return task.Guest!;
        }
    }

    /// <summary>A change that passes through a state of its own. If the task ends meanwhile, the end's state stays.</summary>
    private async Task ChangeAsync(
        string id, ProcessCall call, ProcessState during, ProcessState otherwise, ProcessState then, Func<IGuest, Task> change, TaskEvent happened)
    {
        GuestTask task;
        lock (_gate)
        {
            task = Find(id);
            task.Init.Require(call);
            task.Init.State = during;
        }

        try
        {
            await change(task.Guest!);
        }
        catch
        {
            Settle(otherwise, null);
            throw;
        }

        Settle(then, happened);

        void Settle(ProcessState next, TaskEvent? told)
        {
            lock (_gate)
            {
                if (task.Init.State == during)
                {
                    task.Init.State = next;
                    if (told is not null)
                    {
                        events.Publish(told);
                    }
                }
            }
        }
    }
}
