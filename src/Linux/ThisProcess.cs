using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>What a process does to itself.</summary>
public static partial class ThisProcess
{
    private const int PRIO_PROCESS = 0;
    private const int NiceMost = 19;

    /// <summary>
    /// Ends at once (_exit(2)): no finalizers, no waiting for threads, nothing flushed. For signals, and for short programs
    /// that have said all they had to say.
    /// </summary>
    [DoesNotReturn]
    public static void ExitNow(int code)
    {
        _exit(code);
        throw new InvalidOperationException("_exit returned.");
    }

    /// <summary>
    /// Lets others have the processors first (nice 19): the calling thread, and the threads it makes from here on. Before anything else.
    /// </summary>
    public static void GiveWay() => Libc.Check(setpriority(PRIO_PROCESS, 0, NiceMost), "setpriority");

    [LibraryImport(Libc.Name)]
    private static partial void _exit(int code);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int setpriority(int which, uint who, int priority);
}
