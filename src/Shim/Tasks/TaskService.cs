using System.Diagnostics.CodeAnalysis;
using Skiff.Sandbox;
using Skiff.Shim.Events;
using Skiff.Shim.Stdio;

namespace Skiff.Shim.Tasks;

/// <summary>
/// containerd's Task service in plain types (docs/containerd.md 6): which tasks there are, what may be asked of them when
/// (<see cref="Transitions"/>), and what containerd is told. It knows no wire format, no OCI runtime and no descriptor.
/// </summary>
/// <remarks>
/// <see cref="_gate"/> guards the tables and all states; it is never held across an await. Events are published while it
/// is held, so their order is the order of the states.
/// </remarks>
internal sealed partial class TaskService(
    string @namespace, ISandbox sandbox, IStdioOpener stdio, IEventSink events, TimeProvider time, ShimLog log, string? containerdAddress)
{
    /// <summary>Execs of one task, finished ones that nobody has deleted included. A probe each second needs one or two.</summary>
    private const int ExecsMax = 1024;

    private const int IdCharactersMax = 256;
    private const int SIGKILL = 9;

    /// <summary>How long a killed init may take to go before Delete gives up; only a process stuck in the kernel takes longer.</summary>
    private static readonly TimeSpan KillGrace = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, GuestTask> _tasks = new(StringComparer.Ordinal);
    private bool _closed;

    /// <summary>Tasks that exist, those being created included.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _tasks.Count;
            }
        }
    }

    /// <summary>Refuses new tasks from now on, if there is none; false if there is one.</summary>
    public bool TryClose()
    {
        lock (_gate)
        {
            return _closed = _tasks.Count == 0;
        }
    }

    /// <summary>Opens for new tasks again, after a <see cref="TryClose"/> that led to nothing.</summary>
    public void Reopen()
    {
        lock (_gate)
        {
            _closed = false;
        }
    }

    /// <summary>
    /// Deletes tasks that have ended and whose bundle is gone: containerd has given them up (its <c>delete</c> ran without
    /// reaching us) and will never ask again, and each would keep this shim alive for ever.
    /// </summary>
    public async Task RemoveAbandonedAsync()
    {
        GuestTask[] abandoned;
        lock (_gate)
        {
            abandoned = [.. _tasks.Values.Where(task => task.Init.State == ProcessState.Stopped && !Directory.Exists(task.Bundle))];
        }

        foreach (var task in abandoned)
        {
            try
            {
                await DeleteTaskAsync(task.Id);
                log.Warn($"{task.Init.Name}: removed, because its bundle {task.Bundle} is gone");
            }
            catch (Exception failure) when (failure is ShimException or SandboxException or IOException)
            {
                log.Error($"{task.Init.Name}: its bundle {task.Bundle} is gone, and what is left of it cannot be removed", failure);
            }
        }
    }

    /// <summary>Makes the guest's place and its waiting init.</summary>
    /// <returns>The init's pid on the host, in its own namespaces already.</returns>
    public async Task<int> CreateAsync(TaskCreation creation, CancellationToken cancellation)
    {
        RequireName(creation.Id, "id");
        if (creation.Checkpoint.Length > 0)
        {
            Transitions.Require(ProcessState.Creating, ProcessCall.Checkpoint, $"task {creation.Id}");
        }

        // 1. Take the name, so that a second Create of it is refused from here on.
        var init = new TaskProcess(creation.Id, "", creation.Stdio, ProcessState.Creating);
        var task = new GuestTask(creation.Id, creation.Bundle, init, time.GetUtcNow());
        Add(task);
        try
        {
            // 2. Open its stdio, 3. make its place.
            init.Stdio = await stdio.OpenAsync(creation.Stdio, new(@namespace, creation.Id), cancellation);
            var guest = await sandbox.CreateAsync(RequestOf(creation, init.Stdio), cancellation);
            AttachTerminal(init, guest);

            // 4. Tell.
            lock (_gate)
            {
                task.Guest = guest;
                init.Guest = guest;
                init.State = ProcessState.Created;
                events.Publish(new TaskCreated(creation.Id, creation.Bundle, creation.Rootfs, creation.Stdio, guest.Pid));
            }
        }
        catch
        {
            lock (_gate)
            {
                _tasks.Remove(creation.Id);
            }

            await DisposeStdioAsync(init);
            throw;
        }

        _ = WatchInitAsync(task);
        return task.Guest.Pid;
    }

    /// <summary>Says go to the init, or to an exec. A process that dies at once has started all the same.</summary>
    /// <returns>Its pid on the host.</returns>
    public Task<int> StartAsync(string id, string execId) => execId.Length == 0 ? StartInitAsync(id) : StartExecAsync(id, execId);

    /// <summary>Notes an exec. Nothing runs and nothing is opened until its Start.</summary>
    public void Exec(ExecCreation creation)
    {
        RequireName(creation.ExecId, "exec id");
        lock (_gate)
        {
            var task = Find(creation.Id);
            task.Init.Require(ProcessCall.Exec);
            if (task.Execs.Count >= ExecsMax)
            {
                throw new ShimException(
                    ShimError.ResourceExhausted, $"task {creation.Id} has {ExecsMax} execs already: delete the finished ones first");
            }

            var exec = new TaskProcess(creation.Id, creation.ExecId, creation.Stdio, ProcessState.Created) { ProcessJson = creation.ProcessJson };
            if (!task.Execs.TryAdd(creation.ExecId, exec))
            {
                throw new ShimException(ShimError.AlreadyExists, $"{exec.Name} exists already");
            }

            events.Publish(new ExecAdded(creation.Id, creation.ExecId));
        }
    }

    /// <summary>Removes a process that has ended or was never started; of a created task the waiting init is killed.</summary>
    public Task<ExitRecord> DeleteAsync(string id, string execId) => execId.Length == 0 ? DeleteTaskAsync(id) : DeleteExecAsync(id, execId);

    private async Task<int> StartInitAsync(string id)
    {
        GuestTask task;
        lock (_gate)
        {
            task = Find(id);
            task.Init.BeginStart();
        }

        var guest = task.Guest!;
        try
        {
            await guest.StartAsync(CancellationToken.None);
        }
        catch
        {
            // As before the attempt: it can be tried again or deleted.
            lock (_gate)
            {
                task.Init.EndStart(ProcessState.Created);
            }

            // A caller that looks at the task after our answer must find a dead init stopped: ctr deletes nothing else.
            if (guest.Exit.IsCompleted)
            {
                await task.Init.Exited;
            }

            throw;
        }

        lock (_gate)
        {
            events.Publish(new TaskStarted(id, guest.Pid));
            task.Init.EndStart(ProcessState.Running);
        }

        _ = WatchOutOfMemoryAsync(task);
        return guest.Pid;
    }

    private async Task<int> StartExecAsync(string id, string execId)
    {
        GuestTask task;
        TaskProcess exec;
        lock (_gate)
        {
            (task, exec) = FindProcess(id, execId);
            task.Init.Require(ProcessCall.StartExec);
            exec.BeginStart();
        }

        try
        {
            exec.Stdio = await stdio.OpenAsync(exec.Addresses, new(@namespace, id), CancellationToken.None);
            var guest = task.Guest!.Exec(execId, exec.ProcessJson, exec.Stdio.Guest);
            lock (_gate)
            {
                exec.Guest = guest;
                exec.ProcessJson = default;
            }

            await guest.StartAsync(CancellationToken.None);
            AttachTerminal(exec, guest);
        }
        catch
        {
            await FailExecAsync(exec);
            throw;
        }

        bool kept;
        lock (_gate)
        {
            kept = exec.EndStart(ProcessState.Running);
            if (kept)
            {
                events.Publish(new ExecStarted(id, execId, exec.Guest.Pid));
            }
        }

        if (!kept)
        {
            exec.Guest.Signal(SIGKILL);
            await DisposeStdioAsync(exec);
            throw new ShimException(ShimError.FailedPrecondition, $"{exec.Name}: the task has ended and was deleted while the exec was being started");
        }

        _ = WatchExecAsync(exec);
        return exec.Guest.Pid;
    }

    /// <summary>An exec that could not be started is over: what it left is collected by its Delete, or here if its task has gone meanwhile.</summary>
    private async Task FailExecAsync(TaskProcess exec)
    {
        bool kept;
        lock (_gate)
        {
            exec.RecordExit(new ExitRecord(exec.Guest?.Pid ?? 0, ExitRecord.UnknownStatus, time.GetUtcNow()));
            kept = exec.EndStart(ProcessState.Stopped);
            exec.TellExit();
        }

        exec.Stdio?.GuestEnded();
        if (!kept)
        {
            await DisposeStdioAsync(exec);
        }
    }

    private async Task<ExitRecord> DeleteExecAsync(string id, string execId)
    {
        TaskProcess exec;
        lock (_gate)
        {
            (var task, exec) = FindProcess(id, execId);
            exec.Require(ProcessCall.Delete);
            task.Execs.Remove(execId);
            EndLeftover(exec);
        }

        await DisposeStdioAsync(exec);
        return exec.Exit!;
    }

    private async Task<ExitRecord> DeleteTaskAsync(string id)
    {
        GuestTask task;
        ProcessState before;
        lock (_gate)
        {
            task = Find(id);
            task.Init.Require(ProcessCall.Delete);
            before = task.Init.State;
            task.Init.State = ProcessState.Deleting;
        }

        try
        {
            if (before == ProcessState.Created)
            {
                await KillWaitingInitAsync(task);
            }

            await task.Guest!.DeleteAsync(CancellationToken.None);
        }
        catch
        {
            lock (_gate)
            {
                task.Init.State = task.Init.Exit is null ? ProcessState.Created : ProcessState.Stopped;
            }

            throw;
        }

        var exit = Remove(task);
        task.Watching.Cancel();
        await DisposeStdioAsync(task.Init);
        foreach (var exec in task.Execs.Values)
        {
            await DisposeStdioAsync(exec);
        }

        return exit;
    }

    private async Task KillWaitingInitAsync(GuestTask task)
    {
        task.Guest!.Signal(SIGKILL);
        if (!await task.Init.Exited.EndsWithinAsync(KillGrace, time))
        {
            throw new ShimException(
                ShimError.DeadlineExceeded,
                $"{task.Init.Name}: its init (pid {task.Guest.Pid}) is still there {KillGrace.TotalSeconds:0} s after SIGKILL: see what the kernel holds it in (/proc/{task.Guest.Pid}/stack)");
        }
    }

    private ExitRecord Remove(GuestTask task)
    {
        lock (_gate)
        {
            _tasks.Remove(task.Id);
            foreach (var exec in task.Execs.Values)
            {
                EndLeftover(exec);
            }

            var exit = task.Init.Exit!;
            events.Publish(new TaskDeleted(task.Id, exit.Pid, exit.Status, exit.At));
            return exit;
        }
    }

    /// <summary>
    /// Answers those who wait for a process that is removed before it ran; and for an exec that outlives its deleted task, stuck
    /// in the kernel or begun when the init had just ended: nothing may be told of it after the task's own delete.
    /// </summary>
    private void EndLeftover(TaskProcess process)
    {
        if (process.State is ProcessState.Stopped)
        {
            return;
        }

        var exit = process.RecordExit(new ExitRecord(process.Guest?.Pid ?? 0, ExitRecord.KilledStatus, time.GetUtcNow()));
        if (process.State == ProcessState.Running)
        {
            process.Guest?.Signal(SIGKILL);
            events.Publish(new ProcessExited(process.ContainerId, process.ExecId, exit.Pid, exit.Status, exit.At));
        }

        process.State = ProcessState.Stopped;
        process.TellExit();
    }

    private void Add(GuestTask task)
    {
        lock (_gate)
        {
            if (_closed)
            {
                throw new ShimException(ShimError.Unavailable, $"task {task.Id}: this shim is about to exit because its last task is gone; create the task again");
            }

            if (!_tasks.TryAdd(task.Id, task))
            {
                throw new ShimException(ShimError.AlreadyExists, $"task {task.Id} exists already in this shim");
            }
        }
    }

    private GuestTask Find(string id) => TryFind(id, out var task)
        ? task
        : throw new ShimException(ShimError.NotFound, $"task {id}: not found in this shim");

    private bool TryFind(string id, [NotNullWhen(true)] out GuestTask? task) => _tasks.TryGetValue(id, out task);

    private (GuestTask Task, TaskProcess Process) FindProcess(string id, string execId)
    {
        var task = Find(id);
        return task.Find(execId) is { } process
            ? (task, process)
            : throw new ShimException(ShimError.NotFound, $"exec {execId}: not found in task {id}");
    }

    private GuestRequest RequestOf(TaskCreation creation, IProcessStdio opened) => new()
    {
        Namespace = @namespace,
        Id = creation.Id,
        Bundle = creation.Bundle,
        Rootfs = creation.Rootfs,
        Stdio = opened.Guest,
        ContainerdAddress = containerdAddress,
        Options = creation.Options.ForSandbox(),
    };

    private void AttachTerminal(TaskProcess process, IGuestProcess guest)
    {
        if (guest.Terminal is not { } terminal)
        {
            return;
        }

        (int Columns, int Rows)? size;
        lock (_gate)
        {
            size = process.TerminalSize;
        }

        if (size is { } wanted)
        {
            terminal.Resize(wanted.Columns, wanted.Rows);
        }

        process.Stdio!.Attach(terminal);
    }

    private static async Task DisposeStdioAsync(TaskProcess process)
    {
        if (process.Stdio is { } opened)
        {
            await opened.DisposeAsync();
        }
    }

    /// <summary>Ids become file names further down; containerd has checked them, a stranger on the socket may not have.</summary>
    private static void RequireName(string id, string what)
    {
        if (id.Length is 0 or > IdCharactersMax || id is "." or ".." || id.AsSpan().IndexOfAny('/', '\0') >= 0)
        {
            throw new ShimException(
                ShimError.InvalidArgument, $"{what}: must have 1 to {IdCharactersMax} characters and be usable as a file name");
        }
    }
}
