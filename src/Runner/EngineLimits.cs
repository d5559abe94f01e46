using Skiff.Engine;
using Skiff.Guest;

namespace Skiff.Runner;

/// <summary>What a specification limits, in the engine's terms: the one place for commands and for guests that answer requests.</summary>
internal static class EngineLimits
{
    // What control groups take.
    private static readonly TimeSpan CpuPeriod = TimeSpan.FromMilliseconds(100);

    /// <summary>For all stores of a guest: each has the memory, together they have the CPU time.</summary>
    public static StoreLimits Of(GuestLimits limits, TimeProvider time) => new()
    {
        MemoryBytes = limits.MemoryBytes,
        Cpu = limits.Cpu is { } processors ? new CpuQuota(processors, CpuPeriod, time) : null,
    };
}
