using System.Globalization;
using Google.Protobuf;
using Skiff.Shim.Protos;

namespace Skiff.Shim.Stats;

/// <summary>io.containerd.cgroups.v2.Metrics out of the files of cgroup v2 (kernel: admin-guide/cgroup-v2). Times are microseconds, as in the files.</summary>
internal static class CgroupV2
{
    private const string TypeUrl = "io.containerd.cgroups.v2.Metrics";

    private static readonly string[] HugePageSizes = ["2MB", "1GB"];

    public static TypedBytes Read(CgroupFiles files)
    {
        var metrics = new CgroupV2Metrics
        {
            Pids = new PidsStat { Current = files.Number("pids", "pids.current"), Limit = files.Number("pids", "pids.max") },
            Cpu = Cpu(files.Table("cpu", "cpu.stat")),
            Memory = Memory(files),
            Io = Io(files),
            MemoryEvents = Events(files.Table("memory", "memory.events")),
        };
        metrics.Hugetlb.AddRange(HugePageSizes
            .Where(size => files.Text("hugetlb", $"hugetlb.{size}.current") is not null)
            .Select(size => new V2HugetlbStat
            {
                Pagesize = size,
                Current = files.Number("hugetlb", $"hugetlb.{size}.current"),
                Max = files.Number("hugetlb", $"hugetlb.{size}.max"),
            }));
        return new TypedBytes(TypeUrl, metrics.ToByteArray());
    }

    private static V2CpuStat Cpu(IReadOnlyDictionary<string, ulong> stat) => new()
    {
        UsageUsec = stat.GetValueOrDefault("usage_usec"),
        UserUsec = stat.GetValueOrDefault("user_usec"),
        SystemUsec = stat.GetValueOrDefault("system_usec"),
        NrPeriods = stat.GetValueOrDefault("nr_periods"),
        NrThrottled = stat.GetValueOrDefault("nr_throttled"),
        ThrottledUsec = stat.GetValueOrDefault("throttled_usec"),
    };

    private static V2MemoryStat Memory(CgroupFiles files)
    {
        var stat = files.Table("memory", "memory.stat");
        ulong Of(string name) => stat.GetValueOrDefault(name);
        return new V2MemoryStat
        {
            Anon = Of("anon"),
            File = Of("file"),
            KernelStack = Of("kernel_stack"),
            Slab = Of("slab"),
            Sock = Of("sock"),
            Shmem = Of("shmem"),
            FileMapped = Of("file_mapped"),
            FileDirty = Of("file_dirty"),
            FileWriteback = Of("file_writeback"),
            AnonThp = Of("anon_thp"),
            InactiveAnon = Of("inactive_anon"),
            ActiveAnon = Of("active_anon"),
            InactiveFile = Of("inactive_file"),
            ActiveFile = Of("active_file"),
            Unevictable = Of("unevictable"),
            SlabReclaimable = Of("slab_reclaimable"),
            SlabUnreclaimable = Of("slab_unreclaimable"),
            Pgfault = Of("pgfault"),
            Pgmajfault = Of("pgmajfault"),
            WorkingsetRefault = Of("workingset_refault") + Of("workingset_refault_anon") + Of("workingset_refault_file"),
            WorkingsetActivate = Of("workingset_activate") + Of("workingset_activate_anon") + Of("workingset_activate_file"),
            WorkingsetNodereclaim = Of("workingset_nodereclaim"),
            Pgrefill = Of("pgrefill"),
            Pgscan = Of("pgscan"),
            Pgsteal = Of("pgsteal"),
            Pgactivate = Of("pgactivate"),
            Pgdeactivate = Of("pgdeactivate"),
            Pglazyfree = Of("pglazyfree"),
            Pglazyfreed = Of("pglazyfreed"),
            ThpFaultAlloc = Of("thp_fault_alloc"),
            ThpCollapseAlloc = Of("thp_collapse_alloc"),
            Usage = files.Number("memory", "memory.current"),
            UsageLimit = files.Number("memory", "memory.max"),
            SwapUsage = files.Number("memory", "memory.swap.current"),
            SwapLimit = files.Number("memory", "memory.swap.max"),
            MaxUsage = files.Number("memory", "memory.peak"),
        };
    }

    /// <summary>Lines <c>8:0 rbytes=90430464 wbytes=299008000 rios=8950 wios=1252 dbytes=0 dios=0</c>.</summary>
    private static V2IOStat Io(CgroupFiles files)
    {
        var stat = new V2IOStat();
        foreach (var line in files.Lines("io", "io.stat"))
        {
            var words = line.Split(' ');
            if (CgroupFiles.Device(words[0]) is { } device)
            {
                stat.Usage.Add(Device(device, words.AsSpan(1)));
            }
        }

        return stat;
    }

    private static V2IOEntry Device((ulong Major, ulong Minor) device, ReadOnlySpan<string> figures)
    {
        var entry = new V2IOEntry { Major = device.Major, Minor = device.Minor };
        foreach (var figure in figures)
        {
            if (figure.Split('=') is not [var name, var value] || !ulong.TryParse(value, CultureInfo.InvariantCulture, out var count))
            {
                continue;
            }

            switch (name)
            {
                case "rbytes":
                    entry.Rbytes = count;
                    break;
                case "wbytes":
                    entry.Wbytes = count;
                    break;
                case "rios":
                    entry.Rios = count;
                    break;
                case "wios":
                    entry.Wios = count;
                    break;
            }
        }

        return entry;
    }

    private static V2MemoryEvents Events(IReadOnlyDictionary<string, ulong> events) => new()
    {
        Low = events.GetValueOrDefault("low"),
        High = events.GetValueOrDefault("high"),
        Max = events.GetValueOrDefault("max"),
        Oom = events.GetValueOrDefault("oom"),
        OomKill = events.GetValueOrDefault("oom_kill"),
    };
}
