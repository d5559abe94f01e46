using System.Globalization;
using Skiff.Guest;
using Skiff.Linux;

namespace Skiff.Shim.Stats;

/// <summary>What Stats answers: the figures of a task's own control group, in the message of the kernel's cgroup version.</summary>
internal static class CgroupMetrics
{
    private const long NanosecondsPerMicrosecond = 1000;

    public static TypedBytes Of(ControlGroup group) => Read(group.IsUnified, group.TryRead);

    /// <summary>
    /// Of a guest in a shared process, whose control group holds nothing of what it uses: its own figures stand where the kernel's would.
    /// </summary>
    public static TypedBytes Of(ControlGroup group, GuestUsage usage)
    {
        var files = group.IsUnified ? Unified(usage) : Version1(usage);
        return Read(group.IsUnified, (controller, file) => files.GetValueOrDefault(file) ?? group.TryRead(controller, file));
    }

    private static TypedBytes Read(bool unified, Func<string, string, string?> tryRead) =>
        unified ? CgroupV2.Read(new CgroupFiles(tryRead)) : CgroupV1.Read(new CgroupFiles(tryRead));

    private static Dictionary<string, string> Version1(GuestUsage usage) => new(StringComparer.Ordinal)
    {
        ["cpuacct.usage"] = Text(usage.CpuNanoseconds),
        ["cpuacct.usage_percpu"] = "",
        ["cpuacct.stat"] = $"user {usage.CpuNanoseconds / CgroupV1.NanosecondsPerTick}\nsystem 0\n",
        ["cpu.stat"] = $"nr_periods {usage.Throttles}\nnr_throttled {usage.Throttles}\nthrottled_time {usage.ThrottledNanoseconds}\n",
        ["memory.usage_in_bytes"] = Text(usage.MemoryBytes),
        ["memory.limit_in_bytes"] = Text(usage.MemoryLimitBytes ?? long.MaxValue),
        ["memory.failcnt"] = Text(usage.MemoryRefusals),
        ["memory.stat"] = $"rss {usage.MemoryBytes}\ntotal_rss {usage.MemoryBytes}\nhierarchical_memory_limit {usage.MemoryLimitBytes ?? long.MaxValue}\n",
    };

    private static Dictionary<string, string> Unified(GuestUsage usage) => new(StringComparer.Ordinal)
    {
        ["cpu.stat"] = $"usage_usec {usage.CpuNanoseconds / NanosecondsPerMicrosecond}\nuser_usec {usage.CpuNanoseconds / NanosecondsPerMicrosecond}\n"
            + $"nr_periods {usage.Throttles}\nnr_throttled {usage.Throttles}\nthrottled_usec {usage.ThrottledNanoseconds / NanosecondsPerMicrosecond}\n",
        ["memory.current"] = Text(usage.MemoryBytes),
        ["memory.max"] = usage.MemoryLimitBytes is { } limit ? Text(limit) : "max",
        ["memory.stat"] = $"anon {usage.MemoryBytes}\n",
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
