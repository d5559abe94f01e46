using Skiff.Shim.Protos;
using Skiff.Shim.Stats;

namespace Skiff.Shim.Tests.Stats;

/// <summary>On files as the kernel wrote them, shortened: v1 from a node with 5.10, v2 from one with 6.1.</summary>
public sealed class CgroupMetricsTests
{
    private static readonly Dictionary<string, string> Version1 = new()
    {
        ["pids/pids.current"] = "3\n",
        ["pids/pids.max"] = "max\n",
        ["cpuacct/cpuacct.usage"] = "123456789\n",
        ["cpuacct/cpuacct.stat"] = "user 7\nsystem 5\n",
        ["cpuacct/cpuacct.usage_percpu"] = "100000000 23456789 \n",
        ["cpu/cpu.stat"] = "nr_periods 11\nnr_throttled 2\nthrottled_time 3000000\n",
        ["memory/memory.stat"] = "cache 4096\nrss 8192\nmapped_file 1\nhierarchical_memory_limit 67108864\nhierarchical_memsw_limit 67108864\ntotal_cache 4097\ntotal_rss 8193\ntotal_inactive_file 2048\n",
        ["memory/memory.usage_in_bytes"] = "16384\n",
        ["memory/memory.max_usage_in_bytes"] = "20480\n",
        ["memory/memory.limit_in_bytes"] = "67108864\n",
        ["memory/memory.failcnt"] = "9\n",
        ["memory/memory.memsw.limit_in_bytes"] = "9223372036854771712\n",
        ["memory/memory.oom_control"] = "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
        ["blkio/blkio.throttle.io_service_bytes_recursive"] = "8:0 Read 4096\n8:0 Write 0\n8:0 Total 4096\nTotal 4096\n",
        ["hugetlb/hugetlb.2MB.usage_in_bytes"] = "0\n",
    };

    private static readonly Dictionary<string, string> Version2 = new()
    {
        ["pids/pids.current"] = "4\n",
        ["pids/pids.max"] = "100\n",
        ["cpu/cpu.stat"] = "usage_usec 5000123\nuser_usec 3000000\nsystem_usec 2000123\nnr_periods 10\nnr_throttled 1\nthrottled_usec 777\n",
        ["memory/memory.stat"] = "anon 1048576\nfile 2097152\nkernel_stack 32768\nslab 65536\nsock 0\nshmem 0\nfile_mapped 4096\ninactive_file 524288\nactive_file 1572864\nworkingset_refault_anon 1\nworkingset_refault_file 2\npgfault 1234\npgmajfault 5\n",
        ["memory/memory.current"] = "3276800\n",
        ["memory/memory.max"] = "max\n",
        ["memory/memory.peak"] = "4000000\n",
        ["memory/memory.swap.current"] = "0\n",
        ["memory/memory.swap.max"] = "134217728\n",
        ["memory/memory.events"] = "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 0\n",
        ["io/io.stat"] = "8:0 rbytes=90430464 wbytes=299008000 rios=8950 wios=1252 dbytes=0 dios=0\n7:0 \n",
    };

    [Fact]
    public void Version_1_is_in_nanoseconds_and_bytes()
    {
        var any = CgroupV1.Read(Files(Version1));
        var metrics = CgroupV1Metrics.Parser.ParseFrom(any.Value.Span);

        Assert.Equal("io.containerd.cgroups.v1.Metrics", any.TypeUrl);
        Assert.Equal(123456789ul, metrics.Cpu.Usage.Total);
        Assert.Equal((50_000_000ul, 70_000_000ul), (metrics.Cpu.Usage.Kernel, metrics.Cpu.Usage.User));
        Assert.Equal([100000000ul, 23456789ul], metrics.Cpu.Usage.PerCpu);
        Assert.Equal((11ul, 2ul, 3000000ul), (metrics.Cpu.Throttling.Periods, metrics.Cpu.Throttling.ThrottledPeriods, metrics.Cpu.Throttling.ThrottledTime));
        Assert.Equal((16384ul, 20480ul, 67108864ul, 9ul), (metrics.Memory.Usage.Usage, metrics.Memory.Usage.Max, metrics.Memory.Usage.Limit, metrics.Memory.Usage.Failcnt));
        Assert.Equal((4096ul, 8192ul, 8193ul, 2048ul), (metrics.Memory.Cache, metrics.Memory.Rss, metrics.Memory.TotalRss, metrics.Memory.TotalInactiveFile));
        Assert.Equal((3ul, 0ul), (metrics.Pids.Current, metrics.Pids.Limit));
        Assert.Equal(1ul, metrics.MemoryOomControl.OomKill);
        Assert.Equal(["Read", "Write", "Total"], metrics.Blkio.IoServiceBytesRecursive.Select(entry => entry.Op));
        Assert.Equal((8ul, 0ul, 4096ul), (metrics.Blkio.IoServiceBytesRecursive[0].Major, metrics.Blkio.IoServiceBytesRecursive[0].Minor, metrics.Blkio.IoServiceBytesRecursive[0].Value));
        Assert.Equal("2MB", Assert.Single(metrics.Hugetlb).Pagesize);
    }

    [Fact]
    public void Version_2_is_in_microseconds_and_bytes()
    {
        var any = CgroupV2.Read(Files(Version2));
        var metrics = CgroupV2Metrics.Parser.ParseFrom(any.Value.Span);

        Assert.Equal("io.containerd.cgroups.v2.Metrics", any.TypeUrl);
        Assert.Equal((5000123ul, 3000000ul, 2000123ul), (metrics.Cpu.UsageUsec, metrics.Cpu.UserUsec, metrics.Cpu.SystemUsec));
        Assert.Equal((10ul, 1ul, 777ul), (metrics.Cpu.NrPeriods, metrics.Cpu.NrThrottled, metrics.Cpu.ThrottledUsec));
        Assert.Equal((3276800ul, ulong.MaxValue, 4000000ul), (metrics.Memory.Usage, metrics.Memory.UsageLimit, metrics.Memory.MaxUsage));
        Assert.Equal((1048576ul, 524288ul, 3ul), (metrics.Memory.Anon, metrics.Memory.InactiveFile, metrics.Memory.WorkingsetRefault));
        Assert.Equal(134217728ul, metrics.Memory.SwapLimit);
        Assert.Equal((4ul, 100ul), (metrics.Pids.Current, metrics.Pids.Limit));
        Assert.Equal((3ul, 4ul), (metrics.MemoryEvents.Oom, metrics.MemoryEvents.OomKill));
        Assert.Equal((8ul, 90430464ul, 1252ul), (metrics.Io.Usage[0].Major, metrics.Io.Usage[0].Rbytes, metrics.Io.Usage[0].Wios));
    }

    [Fact]
    public void A_group_that_is_gone_counts_as_nothing()
    {
        var gone = new CgroupFiles((_, _) => null);

        Assert.Equal(0ul, CgroupV1Metrics.Parser.ParseFrom(CgroupV1.Read(gone).Value.Span).Cpu.Usage.Total);
        Assert.Equal(0ul, CgroupV2Metrics.Parser.ParseFrom(CgroupV2.Read(gone).Value.Span).Memory.Usage);
    }

    private static CgroupFiles Files(Dictionary<string, string> files) => new((controller, file) => files.GetValueOrDefault($"{controller}/{file}"));
}
