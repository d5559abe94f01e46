using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>How a child process ended, as wait(2) tells it.</summary>
/// <param name="Code">Exit code, or 128 + signal.</param>
/// <param name="Signal">The signal that ended it, or 0.</param>
public readonly record struct ChildExit(int Code, int Signal, DateTimeOffset At);

/// <summary>What to start. Descriptors not named here are closed in the child.</summary>
public sealed record SpawnRequest
{
    /// <summary>Absolute path of the program.</summary>
    public required string Program { get; init; }

    /// <summary>Argument vector, element 0 included.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Whole environment as K=V; null: the caller's.</summary>
    public IReadOnlyList<string>? Environment { get; init; }

    public string? WorkingDirectory { get; init; }

    /// <summary>Descriptor 0, 1, 2; null: /dev/null.</summary>
    public SafeHandle? StandardInput { get; init; }

    public SafeHandle? StandardOutput { get; init; }

    public SafeHandle? StandardError { get; init; }

    /// <summary>Become descriptors 3, 4, … in the child, in this order.</summary>
    public IReadOnlyList<SafeHandle> Inherited { get; init; } = [];

    /// <summary>Own session (setsid), for a process that must outlive its starter's terminal and group.</summary>
    public bool NewSession { get; init; }
}

/// <summary>
/// Starts child processes and learns how they and the orphans they leave to us end. One per process: it reaps every child,
/// so nothing else in the process may wait for children (no System.Diagnostics.Process).
/// </summary>
public sealed class ChildReaper : IDisposable
{
    /// <param name="subreaper">Become PR_SET_CHILD_SUBREAPER, so that a container's init comes to us when its runtime exits.</param>
    public ChildReaper(TimeProvider time, bool subreaper) => throw new NotImplementedException();

    /// <summary>Starts a program. Fails with <see cref="LinuxException"/> naming the program when it cannot be executed.</summary>
    public ChildProcess Spawn(SpawnRequest request) => throw new NotImplementedException();

    /// <summary>
    /// Keeps the exits of processes nobody has claimed yet until the returned token is disposed. Take it before starting a
    /// program that leaves an orphan to us, <see cref="Adopt"/> the orphan, then dispose.
    /// </summary>
    public IDisposable ExpectOrphan() => throw new NotImplementedException();

    /// <summary>Claims a process that was re-parented to us. Its exit is known even if it has already ended.</summary>
    public ChildProcess Adopt(int pid) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}

/// <summary>A child of ours. Its pid stays its own until <see cref="Exit"/> completes.</summary>
public sealed class ChildProcess
{
    internal ChildProcess(int pid, Task<ChildExit> exit) => (Pid, Exit) = (pid, exit);

    public int Pid { get; }

    public Task<ChildExit> Exit { get; }

    /// <summary>Sends a signal; false when the process has already ended (its number is never used after that).</summary>
    public bool Signal(int signal) => throw new NotImplementedException();
}
