using System.Diagnostics;

namespace Skiff.Cli.Tests;

/// <summary>How much of one processor some processes use.</summary>
internal static class CpuShare
{
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    public static async Task<double> OfAsync(IReadOnlyList<int> processes)
    {
        await Task.Delay(Settling, TestContext.Current.CancellationToken);
        var before = Total(processes);
        var clock = Stopwatch.StartNew();
        await Task.Delay(Window, TestContext.Current.CancellationToken);
        return (Total(processes) - before) / clock.Elapsed;
    }

    private static TimeSpan Total(IReadOnlyList<int> processes)
    {
        var total = TimeSpan.Zero;
        foreach (var id in processes)
        {
            using var process = Process.GetProcessById(id);
            total += process.TotalProcessorTime;
        }

        return total;
    }
}
