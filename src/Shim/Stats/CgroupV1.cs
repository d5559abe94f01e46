using System.Globalization;
using Google.Protobuf;
using Skiff.Shim.Protos;

namespace Skiff.Shim.Stats;

/// <summary>io.containerd.cgroups.v1.Metrics out of the files of cgroup v1 (kernel: admin-guide/cgroup-v1).</summary>
internal static class CgroupV1
{
    private const string TypeUrl = "io.containerd.cgroups.v1.Metrics";

    /// <summary>cpuacct.stat counts in USER_HZ, which is 100 for every program since Linux 2.6.</summary>
    internal const long NanosecondsPerTick = 1_000_000_000 / 100;

    public static TypedBytes Read(CgroupFiles files)
    {
        var metrics = new CgroupV1Metrics
        {
            // Without a limit containerd's own shim says 0 here.
            Pids = new PidsStat { Current = files.Number("pids", "pids.current"), Limit = files.Number("pids", "pids.max", whenMax: 0) },
            Cpu = Cpu(files),
            Memory = Memory(files),
            Blkio = Blkio(files),
            MemoryOomControl = OomControl(files.Table("memory", "memory.oom_control")),
        };
        metrics.Hugetlb.AddRange(files.HugePageSizes("usage_in_bytes").Select(size => HugePages(files, size)));
        return new TypedBytes(TypeUrl, metrics.ToByteArray());
    }

    private static V1CpuStat Cpu(CgroupFiles files)
    {
        var ticks = files.Table("cpuacct", "cpuacct.stat");
        var throttling = files.Table("cpu", "cpu.stat");
        var usage = new V1CpuUsage
        {
            Total = files.Number("cpuacct", "cpuacct.usage"),
            Kernel = ticks["system"] * (ulong)NanosecondsPerTick,
            User = ticks["user"] * (ulong)NanosecondsPerTick,
        };
        foreach (var processor in (files.Text("cpuacct", "cpuacct.usage_percpu") ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            usage.PerCpu.Add(ulong.Parse(processor, CultureInfo.InvariantCulture));
        }

        return new V1CpuStat
        {
            Usage = usage,
            Throttling = new V1Throttle
            {
                Periods = throttling["nr_periods"],
                ThrottledPeriods = throttling["nr_throttled"],
                ThrottledTime = throttling["throttled_time"],
            },
        };
    }

    private static V1MemoryStat Memory(CgroupFiles files)
    {
        var stat = files.Table("memory", "memory.stat");
        return new V1MemoryStat
        {
            Cache = stat["cache"],
            Rss = stat["rss"],
            RssHuge = stat["rss_huge"],
            MappedFile = stat["mapped_file"],
            Dirty = stat["dirty"],
            Writeback = stat["writeback"],
            PgPgIn = stat["pgpgin"],
            PgPgOut = stat["pgpgout"],
            PgFault = stat["pgfault"],
            PgMajFault = stat["pgmajfault"],
            InactiveAnon = stat["inactive_anon"],
            ActiveAnon = stat["active_anon"],
            InactiveFile = stat["inactive_file"],
            ActiveFile = stat["active_file"],
            Unevictable = stat["unevictable"],
            HierarchicalMemoryLimit = stat["hierarchical_memory_limit"],
            HierarchicalSwapLimit = stat["hierarchical_memsw_limit"],
            TotalCache = stat["total_cache"],
            TotalRss = stat["total_rss"],
            TotalRssHuge = stat["total_rss_huge"],
            TotalMappedFile = stat["total_mapped_file"],
            TotalDirty = stat["total_dirty"],
            TotalWriteback = stat["total_writeback"],
            TotalPgPgIn = stat["total_pgpgin"],
            TotalPgPgOut = stat["total_pgpgout"],
            TotalPgFault = stat["total_pgfault"],
            TotalPgMajFault = stat["total_pgmajfault"],
            TotalInactiveAnon = stat["total_inactive_anon"],
            TotalActiveAnon = stat["total_active_anon"],
            TotalInactiveFile = stat["total_inactive_file"],
            TotalActiveFile = stat["total_active_file"],
            TotalUnevictable = stat["total_unevictable"],
            Usage = Entry(files, "memory"),
            Swap = Entry(files, "memory.memsw"),
            Kernel = Entry(files, "memory.kmem"),
            KernelTcp = Entry(files, "memory.kmem.tcp"),
        };
    }

    private static V1MemoryEntry Entry(CgroupFiles files, string prefix) => new()
    {
        Limit = files.Number("memory", $"{prefix}.limit_in_bytes"),
        Usage = files.Number("memory", $"{prefix}.usage_in_bytes"),
        Max = files.Number("memory", $"{prefix}.max_usage_in_bytes"),
        Failcnt = files.Number("memory", $"{prefix}.failcnt"),
    };

    private static V1MemoryOomControl OomControl(CgroupTable control) => new()
    {
        OomKillDisable = control["oom_kill_disable"],
        UnderOom = control["under_oom"],
        OomKill = control["oom_kill"],
    };

    private static V1BlkioStat Blkio(CgroupFiles files)
    {
        var stat = new V1BlkioStat();
        stat.IoServiceBytesRecursive.AddRange(Operations(files, "blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes"));
        stat.IoServicedRecursive.AddRange(Operations(files, "blkio.throttle.io_serviced_recursive", "blkio.throttle.io_serviced"));
        return stat;
    }

    /// <summary>Lines <c>8:0 Read 4096</c>; the last one, a total, has no device.</summary>
    private static IEnumerable<V1BlkioEntry> Operations(CgroupFiles files, string file, string older)
    {
        var lines = files.Text("blkio", file) is null ? files.Lines("blkio", older) : files.Lines("blkio", file);
        foreach (var line in lines)
        {
            if (line.Split(' ') is [var device, var operation, var value]
                && CgroupFiles.Device(device) is { } numbers
                && ulong.TryParse(value, CultureInfo.InvariantCulture, out var count))
            {
                yield return new V1BlkioEntry { Op = operation, Major = numbers.Major, Minor = numbers.Minor, Value = count };
            }
        }
    }

    private static V1HugetlbStat HugePages(CgroupFiles files, string size) => new()
    {
        Pagesize = size,
        Usage = files.Number("hugetlb", $"hugetlb.{size}.usage_in_bytes"),
        Max = files.Number("hugetlb", $"hugetlb.{size}.max_usage_in_bytes"),
        Failcnt = files.Number("hugetlb", $"hugetlb.{size}.failcnt"),
    };
}
