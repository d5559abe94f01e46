using System.Runtime.InteropServices;

namespace Skiff.Bench.Engine;

/// <summary>CPU time of the process, because others use the machine too.</summary>
internal static partial class Cpu
{
    private const int ProcessClock = 2;
    private const int Batches = 9;

    /// <summary>The best of some batches, in nanoseconds.</summary>
    public static async Task<double> BestAsync(Func<Task> batch)
    {
        await batch();
        var best = double.MaxValue;
        for (var i = 0; i < Batches; i++)
        {
            var before = Now();
            await batch();
            best = Math.Min(best, Now() - before);
        }

        return best;
    }

    private static unsafe long Now()
    {
        Timespec time;
        _ = clock_gettime(ProcessClock, &time);
        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }

    [LibraryImport("libc")]
    private static unsafe partial int clock_gettime(int clock, Timespec* time);

    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
