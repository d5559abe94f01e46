using System.Globalization;
using System.Runtime.InteropServices;

namespace Skiff.Bench.Components;

/// <summary>Clock and memory.</summary>
internal static unsafe partial class Figures
{
    private const int ThreadClock = 3;

    /// <summary>Processor time of this thread: other processes on the machine lengthen the wall's time, not this.</summary>
    public static double Nanoseconds(Action action)
    {
        var before = Now();
        action();
        return Now() - before;
    }

    public static long ResidentBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        var fields = File.ReadAllText("/proc/self/statm").Split(' ');
        return long.Parse(fields[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
    }

    private static double Now()
    {
        var time = stackalloc long[2];
        _ = clock_gettime(ThreadClock, time);
        return (time[0] * 1e9) + time[1];
    }

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, long* time);
}

/// <summary>A figure of ours against the peer's, measured in turn.</summary>
internal sealed class Pair(string title, string unit)
{
    private readonly List<double> _ours = [];
    private readonly List<double> _peers = [];

    public void Add(double ours, double peer)
    {
        _ours.Add(ours);
        _peers.Add(peer);
    }

    public void Print(string remark)
    {
        var text = $"{title}: {Spread(_ours)} {unit}";
        if (_peers.Exists(peer => peer > 0))
        {
            text += $"; Wasmtime's component API {Spread(_peers)} {unit}; ratio {Spread([.. _ours.Zip(_peers, (mine, theirs) => theirs / mine)])}";
        }

        Console.WriteLine($"{text}; {remark}");
    }

    private static string Spread(List<double> values)
    {
        var sorted = values.Order().ToArray();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{At(sorted, 0.5):0.0} ({At(sorted, 0.1):0.0} to {At(sorted, 0.9):0.0})");
    }

    private static double At(double[] sorted, double quantile) => sorted[(int)Math.Round(quantile * (sorted.Length - 1))];
}
