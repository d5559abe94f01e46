using System.Globalization;
using Google.Protobuf;
using Skiff.Shim.Protos;

namespace Skiff.Shim.Stats;

/// <summary>io.containerd.cgroups.v2.Metrics out of the files of cgroup v2 (kernel: admin-guide/cgroup-v2). Times are microseconds, as in the files.</summary>
internal static class CgroupV2
{
    private const string TypeUrl = "io.containerd.cgroups.v2.Metrics";

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
        metrics.Hugetlb.AddRange(files.HugePageSizes("current").Select(size => new V2HugetlbStat
            {
                Pagesize = size,
                Current = files.Number("hugetlb", $"hugetlb.{size}.current"),
                Max = files.Number("hugetlb", $"hugetlb.{size}.max"),
            }));
        return new TypedBytes(TypeUrl, metrics.ToByteArray());
    }

    private static V2CpuStat Cpu(CgroupTable stat) => new()
    {
        UsageUsec = stat["usage_usec"],
        UserUsec = stat["user_usec"],
        SystemUsec = stat["system_usec"],
        NrPeriods = stat["nr_periods"],
        NrThrottled = stat["nr_throttled"],
        ThrottledUsec = stat["throttled_usec"],
    };

    private static V2MemoryStat Memory(CgroupFiles files)
    {
        var stat = files.Table("memory", "memory.stat");
        return new V2MemoryStat
        {
            Anon = stat["anon"],
            File = stat["file"],
            KernelStack = stat["kernel_stack"],
            Slab = stat["slab"],
            Sock = stat["sock"],
            Shmem = stat["shmem"],
            FileMapped = stat["file_mapped"],
            FileDirty = stat["file_dirty"],
            FileWriteback = stat["file_writeback"],
            AnonThp = stat["anon_thp"],
            InactiveAnon = stat["inactive_anon"],
            ActiveAnon = stat["active_anon"],
            InactiveFile = stat["inactive_file"],
            ActiveFile = stat["active_file"],
            Unevictable = stat["unevictable"],
            SlabReclaimable = stat["slab_reclaimable"],
            SlabUnreclaimable = stat["slab_unreclaimable"],
            Pgfault = stat["pgfault"],
            Pgmajfault = stat["pgmajfault"],
            WorkingsetRefault = stat["workingset_refault"] + stat["workingset_refault_anon"] + stat["workingset_refault_file"],
            WorkingsetActivate = stat["workingset_activate"] + stat["workingset_activate_anon"] + stat["workingset_activate_file"],
            WorkingsetNodereclaim = stat["workingset_nodereclaim"],
            Pgrefill = stat["pgrefill"],
            Pgscan = stat["pgscan"],
            Pgsteal = stat["pgsteal"],
            Pgactivate = stat["pgactivate"],
            Pgdeactivate = stat["pgdeactivate"],
            Pglazyfree = stat["pglazyfree"],
            Pglazyfreed = stat["pglazyfreed"],
            ThpFaultAlloc = stat["thp_fault_alloc"],
            ThpCollapseAlloc = stat["thp_collapse_alloc"],
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

    private static V2MemoryEvents Events(CgroupTable events) => new()
    {
        Low = events["low"],
        High = events["high"],
        Max = events["max"],
        Oom = events["oom"],
        OomKill = events["oom_kill"],
    };
}
