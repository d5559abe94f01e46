using System.Runtime.InteropServices;

namespace Skiff.Engine.Native;

/// <summary>What .NET does not tell of a thread on Linux.</summary>
internal static unsafe partial class ThreadApi
{
    private const int ThreadCpuClock = 3;
    private const int OfThread = 0;
    private const int Priority = -15;
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>CPU time of the calling thread, in nanoseconds.</summary>
    public static long CpuNanoseconds()
    {
        Timespec time;
        _ = clock_gettime(ThreadCpuClock, &time);
        return (time.tv_sec * NanosecondsPerSecond) + time.tv_nsec;
    }

    /// <summary>Raises the calling thread above the normal ones, if the process may.</summary>
    public static void RaisePriority() => _ = setpriority(OfThread, 0, Priority);

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, Timespec* time);

    [LibraryImport("libc")]
    private static partial int setpriority(int which, uint who, int priority);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long tv_sec;
        public long tv_nsec;
    }
}
