using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>
/// Limits a program sets on itself before it does something that a hostile input could blow up (prlimit(2), soft and hard:
/// there is no way back). Null: left as it is.
/// </summary>
public sealed partial record ResourceLimits
{
    private const int RLIMIT_CPU = 0;
    private const int RLIMIT_FSIZE = 1;
    private const int RLIMIT_DATA = 2;
    private const int RLIMIT_CORE = 4;
    private const int RLIMIT_NOFILE = 7;

    /// <summary>Private writable memory in bytes (RLIMIT_DATA). Mappings that only reserve addresses (PROT_NONE) do not count.</summary>
    public long? DataBytes { get; init; }

    /// <summary>Processor time of all threads in seconds (RLIMIT_CPU); at the end comes SIGKILL.</summary>
    public long? CpuSeconds { get; init; }

    /// <summary>Largest file written, in bytes (RLIMIT_FSIZE); beyond comes SIGXFSZ.</summary>
    public long? FileBytes { get; init; }

    /// <summary>Largest core dump in bytes; 0: none.</summary>
    public long? CoreBytes { get; init; }

    /// <summary>Sets them on this process and what it starts.</summary>
    public void SetSelf()
    {
        Set(RLIMIT_DATA, DataBytes, "memory limit");
        Set(RLIMIT_CPU, CpuSeconds, "processor time limit");
        Set(RLIMIT_FSIZE, FileBytes, "file size limit");
        Set(RLIMIT_CORE, CoreBytes, "core size limit");
    }

    /// <summary>
    /// Raises our soft limit of open files to the hard one and returns the new limit. Programs started afterwards inherit it,
    /// and a container whose spec sets no RLIMIT_NOFILE does too: only for processes that serve many.
    /// </summary>
    public static unsafe long RaiseOpenFiles()
    {
        Limit limit;
        Libc.Check(prlimit(0, RLIMIT_NOFILE, null, &limit), "prlimit RLIMIT_NOFILE");
        if (limit.Soft < limit.Hard)
        {
            limit.Soft = limit.Hard;
            Libc.Check(prlimit(0, RLIMIT_NOFILE, &limit, null), "prlimit RLIMIT_NOFILE");
        }

        return (long)Math.Min(limit.Soft, long.MaxValue);
    }

    private static unsafe void Set(int resource, long? value, string name)
    {
        if (value is not { } most)
        {
            return;
        }

        // An inherited hard limit may be lower already; only a privileged process could raise it, and none needs to.
        Limit limit;
        Libc.Check(prlimit(0, resource, null, &limit), "prlimit", name);
        limit.Hard = Math.Min(limit.Hard, (ulong)most);
        limit.Soft = limit.Hard;
        Libc.Check(prlimit(0, resource, &limit, null), "prlimit", $"{name} {most}");
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int prlimit(int pid, int resource, Limit* value, Limit* old);
}
