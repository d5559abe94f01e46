using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>pidfd_open(2) and pidfd_send_signal(2): a descriptor that pins one process, so that its number cannot come to mean another.</summary>
internal static partial class PidFd
{
    private const nint SYS_pidfd_send_signal = 424;
    private const nint SYS_pidfd_open = 434;

    /// <summary>Null when there is no such process.</summary>
    public static SafeFileHandle? TryOpen(int pid)
    {
        var descriptor = (int)pidfd_open(SYS_pidfd_open, pid, 0);
        if (descriptor < 0 && Marshal.GetLastPInvokeError() is Errno.ESRCH or Errno.EINVAL)
        {
            return null;
        }

        return Libc.Own(descriptor, "pidfd_open", $"process {pid}");
    }

    /// <summary>False when it has ended.</summary>
    public static bool Send(SafeFileHandle process, int signal, int pid)
    {
        if (pidfd_send_signal(SYS_pidfd_send_signal, process, signal, 0, 0) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == Errno.ESRCH ? false : throw Libc.Failure($"signal {signal} to process", $"{pid}");
    }

    [LibraryImport(Libc.Name, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint pidfd_open(nint number, nint pid, nint flags);

    [LibraryImport(Libc.Name, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint pidfd_send_signal(nint number, SafeHandle process, nint signal, nint information, nint flags);
}
