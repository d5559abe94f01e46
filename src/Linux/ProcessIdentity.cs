using System.Globalization;

namespace Skiff.Linux;

/// <summary>
/// A process beyond its number: the number together with the moment it started tells it from a later process that got the
/// same number. Can be written down and checked after a restart of this program (not of the machine).
/// </summary>
/// <param name="StartTicks">Clock ticks between the machine's boot and the start of the process (proc(5), field 22 of stat).</param>
public readonly record struct ProcessIdentity(int Pid, long StartTicks)
{
    /// <summary>The living process with this number; null when there is none, or only a zombie.</summary>
    public static ProcessIdentity? TryRead(int pid) =>
        SmallFile.TryRead($"/proc/{pid}/stat") is { } text && Parse(text) is { State: not ('Z' or 'X') } stat
            ? new ProcessIdentity(pid, stat.StartTicks)
            : null;

    public bool IsAlive => TryRead(Pid) == this;

    /// <summary>Sends a signal to exactly this process; false when it has ended, whoever has its number now.</summary>
    public bool Signal(int signal)
    {
        // The descriptor pins one process; only then is it certain that the one checked is the one signalled.
        using var process = PidFd.TryOpen(Pid);
        return process is not null && IsAlive && PidFd.Send(process, signal, Pid);
    }

    /// <summary>Whether there is a process by this number that has not been killed; null when there is none at all.</summary>
    public static bool? Lives(int pid) => SmallFile.TryRead($"/proc/{pid}/stat") is { } text ? Parse(text) is { IsEnding: false } : null;

    /// <summary>
    /// Whether the process holds nothing open any more: it is gone, or a zombie without threads. The first thread of a program is a zombie before
    /// its last one has closed the files.
    /// </summary>
    public static bool HasEnded(int pid) =>
        SmallFile.TryRead($"/proc/{pid}/stat") is not { } text || Parse(text) is not { } stat || (stat.State is 'Z' or 'X' && stat.Threads <= 1);

    /// <summary>
    /// proc(5), <c>stat</c>. The second field is the program's name, in brackets and with whatever bytes the program chose: count from the
    /// last bracket. A process ends when it is a zombie, is exiting (which it is while its files are closed), or has SIGKILL before it.
    /// </summary>
    internal static (char State, long StartTicks, bool IsEnding, int Threads)? Parse(string stat)
    {
        const int State = 3 - 3;
        const int Flags = 9 - 3;
        const int ThreadCount = 20 - 3;
        const int StartTime = 22 - 3;
        const int Pending = 31 - 3;
        const ulong Exiting = 4;
        const ulong Kill = 1UL << (9 - 1);
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > StartTime && long.TryParse(fields[StartTime], CultureInfo.InvariantCulture, out var ticks)
            && int.TryParse(fields[ThreadCount], CultureInfo.InvariantCulture, out var threads)
            ? (fields[State][0], ticks, fields[State][0] is 'Z' or 'X' || Has(Flags, Exiting) || Has(Pending, Kill), threads)
            : null;

        bool Has(int field, ulong bit) =>
            field < fields.Length && ulong.TryParse(fields[field], CultureInfo.InvariantCulture, out var bits) && (bits & bit) != 0;
    }
}
