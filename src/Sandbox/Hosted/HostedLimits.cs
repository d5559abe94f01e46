using System.Globalization;
using Skiff.Guest;
using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>
/// Writes a guest's limits into its control group, which holds nothing but the holder: for those who read them there, as kubelet's
/// cAdvisor does. The guest host is what enforces them.
/// </summary>
internal static class HostedLimits
{
    private const long Period = 100_000;

    public static void Show(ControlGroup group, GuestResources limits)
    {
        if (limits.MemoryBytes is { } memory)
        {
            group.TryWrite("memory", group.IsUnified ? "memory.max" : "memory.limit_in_bytes", Text(memory));
        }

        if (limits.Cpu is { } cpu && group.IsUnified)
        {
            group.TryWrite("cpu", "cpu.max", $"{Text((long)(cpu * Period))} {Text(Period)}");
        }
        else if (limits.Cpu is { } processors)
        {
            group.TryWrite("cpu", "cpu.cfs_period_us", Text(Period));
            group.TryWrite("cpu", "cpu.cfs_quota_us", Text((long)(processors * Period)));
        }

        if (limits.Shares is { } shares && !group.IsUnified)
        {
            group.TryWrite("cpu", "cpu.shares", Text(shares));
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
