using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>A child of ours. Its pid stays its own until <see cref="Exit"/> completes.</summary>
public sealed class ChildProcess
{
    private readonly Lock _reaping;
    private readonly TaskCompletionSource<ChildExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _reaped;

    /// <param name="reaping">Held by the reaper while it takes an end away from the kernel: then the number may be reused.</param>
    internal ChildProcess(int pid, Lock reaping) => (Pid, _reaping) = (pid, reaping);

    public int Pid { get; }

    public Task<ChildExit> Exit => _exit.Task;

    /// <summary>Sends a signal; false when the process has already ended (its number is never used after that).</summary>
    public bool Signal(int signal)
    {
        lock (_reaping)
        {
            if (_reaped)
            {
                return false;
            }

            if (Libc.kill(Pid, signal) == 0)
            {
                return true;
            }

            return Marshal.GetLastPInvokeError() == Errno.ESRCH ? false : throw Libc.Failure($"signal {signal} to process", $"{Pid}");
        }
    }

    /// <summary>To be called with the lock held, before the number is given back.</summary>
    internal void MarkReaped() => _reaped = true;

    internal void Complete(ChildExit exit) => _exit.TrySetResult(exit);

    internal void Fail(LinuxException failure) => _exit.TrySetException(failure);

    internal void Abandon() => _exit.TrySetCanceled();
}
