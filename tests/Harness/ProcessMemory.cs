using System.Globalization;

namespace Skiff.Harness;

/// <summary>What a process holds of the machine's memory.</summary>
internal static class ProcessMemory
{
    /// <summary>Proportional set size in KiB: of a page that processes share, each has its part (proc(5), <c>smaps_rollup</c>).</summary>
    public static double Pss(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/smaps_rollup").First(text => text.StartsWith("Pss:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
