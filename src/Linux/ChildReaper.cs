using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>
/// Starts child processes and learns how they and the orphans they leave to us end. One per process: it reaps every child,
/// so nothing else in the process may wait for children (no System.Diagnostics.Process).
/// </summary>
public sealed partial class ChildReaper : IDisposable
{
    /// <summary>
    /// Ends kept for a caller that has announced an orphan and not yet named it. A container's init and what its hooks
    /// leave behind are a handful; above this the oldest go, so that a fork bomb cannot fill our memory.
    /// </summary>
    private const int UnclaimedMax = 1024;

    /// <summary>What <see cref="RunAsync"/> captures of each stream: enough for an OCI runtime's longest complaint.</summary>
    public const int OutputBytesMax = 64 * 1024;

    private static readonly TimeSpan AdoptRound = TimeSpan.FromMilliseconds(20);

    private const int ThreadStackBytes = 256 * 1024;
    private const int PR_SET_CHILD_SUBREAPER = 36;
    private const int P_ALL = 0;
    private const int P_PID = 1;
    private const int WNOHANG = 1;
    private const int WEXITED = 4;
    private const int WNOWAIT = 0x01000000;
    private const int CLD_EXITED = 1;

    private static int _living;

    private readonly TimeProvider _time;

    /// <summary>
    /// Held while a program is started and registered, while an end is taken from the kernel, and while a signal is sent:
    /// so an end never comes before its child is known, and a signal never reaches a number that was given back.
    /// </summary>
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _spawned = new(initialState: false);
    private readonly Dictionary<int, ChildProcess> _children = [];
    private readonly Dictionary<int, ChildExit> _unclaimed = [];
    private readonly Queue<int> _unclaimedOrder = [];
    private TaskCompletionSource _orphanEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _expecting;
    private bool _disposed;
    private bool _reaping;

    /// <param name="time">Gives <see cref="ChildExit.At"/>.</param>
    /// <param name="subreaper">Become PR_SET_CHILD_SUBREAPER, so that a container's init comes to us when its runtime exits.</param>
    public ChildReaper(TimeProvider time, bool subreaper)
    {
        if (Interlocked.CompareExchange(ref _living, 1, 0) != 0)
        {
            throw new InvalidOperationException("A ChildReaper is alive already: it reaps every child, so a process can have one only.");
        }

        _time = time;
        StopIgnoringChildren();
        if (subreaper)
        {
            Libc.Check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl PR_SET_CHILD_SUBREAPER");
        }
    }

    /// <summary>
    /// Starts the thread that waits for children, which else starts with the first of them: for whoever spawns from a thread in a foreign
    /// namespace, where no other may be started.
    /// </summary>
    public void Begin()
    {
        lock (_gate)
        {
            StartReaping();
        }
    }

    /// <summary>Starts a program. Fails with <see cref="LinuxException"/> naming the program when it cannot be executed.</summary>
    public ChildProcess Spawn(SpawnRequest request)
    {
        ChildProcess child;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            child = Register(PosixSpawn.Start(request));
        }

        _spawned.Set();
        return child;
    }

    /// <summary>
    /// Runs a program to its end. Descriptors 1 and 2 are captured where the request leaves them null. A program that
    /// overstays <paramref name="timeout"/>, or is no longer wanted, gets SIGKILL and has ended when this returns.
    /// </summary>
    /// <exception cref="LinuxException">It cannot be executed.</exception>
    /// <exception cref="TimeoutException">It took too long; the message names it and quotes its stderr.</exception>
    public async Task<ProgramResult> RunAsync(SpawnRequest request, TimeSpan timeout, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var output = request.StandardOutput is null ? new CapturedOutput("stdout", OutputBytesMax) : null;
        using var errors = request.StandardError is null ? new CapturedOutput("stderr", OutputBytesMax) : null;
        var child = Spawn(request with
        {
            StandardOutput = request.StandardOutput ?? output?.Handle,
            StandardError = request.StandardError ?? errors?.Handle,
        });
        try
        {
            var exit = await child.Exit.WaitAsync(timeout, _time, cancellation);
            return new ProgramResult(exit, output?.Read() ?? "", errors?.Read() ?? "");
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            child.Signal(Signals.SIGKILL);
            await child.Exit;
            if (exception is OperationCanceledException)
            {
                throw;
            }

            var said = errors?.Read().Trim() is { Length: > 0 } text ? $": {text}" : "";
            throw new TimeoutException($"{request.Program} did not end within {timeout.TotalSeconds} s and was killed{said}");
        }
    }

    /// <summary>
    /// Keeps the exits of processes nobody has claimed yet until the returned token is disposed. Take it before starting a
    /// program that leaves an orphan to us, <see cref="Adopt"/> the orphan, then dispose.
    /// </summary>
    public IDisposable ExpectOrphan()
    {
        lock (_gate)
        {
            _expecting++;
        }

        return new Expectation(this);
    }

    /// <summary>
    /// Claims a process that was re-parented to us. Its exit is known even if it has already ended. Fails with
    /// <see cref="LinuxException"/> (ECHILD) when the process is not our child, or ended while no <see cref="ExpectOrphan"/> token lived.
    /// </summary>
    public ChildProcess Adopt(int pid) =>
        TryAdopt(pid) ?? throw new LinuxException(
            "adopt (it is not a child of this process, or its end came before anybody expected it)",
            Errno.ECHILD,
            $"process {pid}");

    /// <summary>
    /// <see cref="Adopt"/> for a process that is still to be re-parented to us, because a program between us and it is just
    /// ending: crun's <c>run --detach</c> returns while its own child, the parent of the container's init, still lives.
    /// </summary>
    /// <exception cref="LinuxException">ECHILD: it has not become our child within <paramref name="timeout"/>.</exception>
    public async Task<ChildProcess> AdoptAsync(int pid, TimeSpan timeout, CancellationToken cancellation)
    {
        using var expectation = ExpectOrphan();
        var start = _time.GetTimestamp();
        for (; ; )
        {
            // Taken before the attempt, so that an end right after it is not missed.
            var orphanEnded = Volatile.Read(ref _orphanEnded).Task;
            if (TryAdopt(pid) is { } child)
            {
                return child;
            }

            if (_time.GetElapsedTime(start) >= timeout)
            {
                return Adopt(pid);
            }

            // Every parent between us and the process becomes our child first and ends then. The program between may
            // also have ended unheard before the attempt, so we look again after a moment in any case.
            await Task.WhenAny(orphanEnded, Task.Delay(AdoptRound, _time, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Stops reaping. The exits of children still alive are then never known: their tasks are cancelled.</summary>
    public void Dispose()
    {
        ChildProcess[] orphans;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            orphans = [.. _children.Values];
            orphans.ToList().ForEach(child => child.MarkReaped());
            _children.Clear();
        }

        // A thread still blocked in waitid only peeks (WNOWAIT) when it wakes, so it cannot take an end from a successor.
        _spawned.Set();
        Array.ForEach(orphans, child => child.Abandon());
        Volatile.Write(ref _living, 0);
    }

    /// <summary>
    /// An ignored SIGCHLD survives exec, and while it is ignored the kernel discards every end: whoever started us might
    /// have left it so. A handler of .NET's own is put back.
    /// </summary>
    private static void StopIgnoringChildren()
    {
        const nint SIG_DFL = 0;
        const nint SIG_IGN = 1;
        var before = signal(Signals.SIGCHLD, SIG_DFL);
        if (before is not (SIG_DFL or SIG_IGN))
        {
            _ = signal(Signals.SIGCHLD, before);
        }
    }

    private ChildProcess? TryAdopt(int pid)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_children.TryGetValue(pid, out var known))
            {
                return known;
            }

            // A living child goes before a remembered end: the number may have been reused since.
            if (Wait(P_PID, pid, WEXITED | WNOHANG | WNOWAIT) is not null)
            {
                return Register(pid);
            }

            if (!_unclaimed.Remove(pid, out var exit))
            {
                return null;
            }

            var ended = new ChildProcess(pid, _gate);
            ended.MarkReaped();
            ended.Complete(exit);
            return ended;
        }
    }

    private ChildProcess Register(int pid)
    {
        // Not before the first child: most runs of `delete` have none, and starting a thread would be half of their work.
        StartReaping();
        _unclaimed.Remove(pid);
        var child = new ChildProcess(pid, _gate);
        _children.Add(pid, child);
        return child;
    }

    private void StartReaping()
    {
        if (!_reaping)
        {
            _reaping = true;
            new Thread(Reap, ThreadStackBytes) { IsBackground = true, Name = "child reaper" }.Start();
        }
    }

    private void Reap()
    {
        while (!Volatile.Read(ref _disposed))
        {
            if (Wait(P_ALL, 0, WEXITED | WNOWAIT) is { } end)
            {
                Settle(end.Pid);
            }
            else
            {
                // No child, hence no grandchild that could become ours: nothing can end before the next spawn.
                _spawned.WaitOne();
            }
        }
    }

    private void Settle(int pid)
    {
        ChildProcess? child;
        ChildExit exit;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            // WNOHANG: should the number have come to a new child since the peek, its end is not there yet.
            var taken = Wait(P_PID, pid, WEXITED | WNOHANG);
            if (taken is { Pid: 0 })
            {
                return;
            }

            if (_children.Remove(pid, out child))
            {
                child.MarkReaped();
            }

            if (taken is not { } end)
            {
                // posix_spawn itself waits for a child that could not execute its program. Of a registered child this
                // happens only if somebody else in the process waits for children, against the rule of this class.
                child?.Fail(new LinuxException(
                    "waitid (another part of this process has taken its end)", Errno.ECHILD, $"process {pid}"));
                return;
            }

            exit = end.Code == CLD_EXITED
                ? new ChildExit(end.Status, 0, _time.GetUtcNow())
                : new ChildExit(128 + end.Status, end.Status, _time.GetUtcNow());
            if (child is null && _expecting > 0)
            {
                KeepUnclaimed(pid, exit);
            }
        }

        if (child is null)
        {
            Interlocked.Exchange(ref _orphanEnded, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }

        child?.Complete(exit);
    }

    private void KeepUnclaimed(int pid, ChildExit exit)
    {
        _unclaimed[pid] = exit;
        _unclaimedOrder.Enqueue(pid);
        if (_unclaimedOrder.Count > UnclaimedMax)
        {
            _unclaimed.Remove(_unclaimedOrder.Dequeue());
        }
    }

    private void EndExpectation()
    {
        lock (_gate)
        {
            if (--_expecting == 0)
            {
                _unclaimed.Clear();
                _unclaimedOrder.Clear();
            }
        }
    }

    /// <summary>waitid(2). Null: no such child. A pid of 0 in the answer: it is alive (WNOHANG only).</summary>
    private static unsafe (int Pid, int Code, int Status)? Wait(int kind, int id, int options)
    {
        // siginfo_t: 128 bytes; with 8-byte alignment si_code is at 8, si_pid at 16, si_status at 24.
        var info = stackalloc byte[128];
        while (waitid(kind, id, info, options) != 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR:
                    continue;
                case Errno.ECHILD:
                    return null;
                default:
                    throw Libc.Failure("waitid");
            }
        }

        return (*(int*)(info + 16), *(int*)(info + 8), *(int*)(info + 24));
    }

    private sealed class Expectation(ChildReaper reaper) : IDisposable
    {
        private ChildReaper? _reaper = reaper;

        public void Dispose() => Interlocked.Exchange(ref _reaper, null)?.EndExpectation();
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int waitid(int kind, int id, byte* info, int options);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int prctl(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);

    [LibraryImport(Libc.Name)]
    private static partial nint signal(int number, nint handler);
}
