using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

/// <summary>The layouts of other nodes, from files in the form in which their kernels write them (Recorded/).</summary>
public sealed class ControlGroupTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TemporaryFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("12:memory:/\n4:cpu,cpuacct:/\n0::/system.slice/containerd.service\n", true)]
    [InlineData("12:memory:/\n4:cpu,cpuacct:/pod/c\n0::/\n", false)]
    [InlineData("0::/\n", false)]
    [InlineData("0::/pod/c\n", false)]
    public void A_process_that_exits_is_told_from_one_in_its_groups(string membership, bool exiting) =>
        Assert.Equal(exiting, ControlGroup.IsOfExiting(membership));

    [Fact]
    public void Version_1_has_a_folder_for_each_controller()
    {
        Write("memory/default/hello/memory.oom_control", Recorded("v1/memory.oom_control"));
        Write("cpu,cpuacct/default/hello/cpuacct.usage", "12345\n");
        Write("freezer/default/hello/cgroup.procs", "17\n18\n");
        Write("freezer/default/hello/below/cgroup.procs", "19\n0\n");
        Write("freezer/default/cgroup.procs", "99\n");
        var group = Parse("v1");
        Assert.False(group.IsUnified);
        Assert.Equal(2, group.OomKills());
        Assert.Equal("12345\n", group.TryRead("cpuacct", "cpuacct.usage"));
        Assert.Null(group.TryRead("memory", "memory.usage_in_bytes"));
        Assert.Equal([17, 18, 19], group.Processes().Order());
    }

    [Fact]
    public void Version_2_has_one_folder()
    {
        Write("default/hello/memory.events", Recorded("v2/memory.events"));
        Write("default/hello/cgroup.procs", "17\n");
        Write("default/hello/cpu.stat", "usage_usec 5\n");
        var group = Parse("v2");
        Assert.True(group.IsUnified);
        Assert.Equal(3, group.OomKills());
        Assert.Equal("usage_usec 5\n", group.TryRead("cpu", "cpu.stat"));
        Assert.Equal([17], group.Processes());
    }

    [Fact]
    public void A_scope_of_systemd_is_found()
    {
        const string Scope = "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1c7c0a3e_6a7f_4be6_a4b7_2d8f6a8f9d10.slice/cri-containerd-0f3c6d1c9a52.scope";
        Write($"{Scope}/pids.current", "4\n");
        Assert.Equal("4\n", Parse("v2-systemd").TryRead("pids", "pids.current"));
    }

    [Fact]
    public void In_the_hybrid_layout_version_1_has_the_controllers_and_a_group_left_at_the_root_is_not_taken_for_its_own()
    {
        Write("memory/kubepods/burstable/pod1/c1/memory.oom_control", Recorded("v1/memory.oom_control"));
        Write("freezer/kubepods/burstable/pod1/c1/cgroup.procs", "17\n");
        Write("hugetlb/cgroup.procs", "1\n2\n");
        var group = Parse("hybrid");
        Assert.False(group.IsUnified);
        Assert.Equal(2, group.OomKills());
        Assert.Equal([17], group.Processes());
    }

    [Fact]
    public void Where_only_a_part_of_a_hierarchy_is_mounted_the_path_is_taken_relative_to_it()
    {
        Write("memory/kubepods/pod 1/c1/memory.limit_in_bytes", "42\n");
        Write("freezer/freezer.state", "THAWED\n");
        Write("systemd/cgroup.procs", "5\n");
        var group = Parse("nested");
        Assert.Equal("42\n", group.TryRead("memory", "memory.limit_in_bytes"));
        Assert.Null(group.TryRead("freezer", "freezer.state"));
    }

    [Fact]
    public void The_written_down_membership_gives_the_same_group()
    {
        var group = ControlGroup.FromMembership(ControlGroup.OfProcess(Environment.ProcessId).Membership);
        Assert.Contains(Environment.ProcessId, group.Processes());
    }

    [Fact]
    public void A_process_that_is_gone_has_no_group() =>
        Assert.Equal(Errno.ENOENT, Assert.Throws<LinuxException>(() => ControlGroup.OfProcess(int.MaxValue)).Errno);

    [Fact]
    public void A_file_outside_the_group_cannot_be_named() =>
        Assert.Throws<ArgumentException>(() => Parse("v2").TryRead("memory", "../secret"));

    [Theory]
    [InlineData("garbage")]
    [InlineData("1:memory")]
    public void A_membership_that_is_none_is_an_error(string membership) =>
        Assert.Throws<LinuxException>(() => ControlGroup.Parse(membership, Recorded("v1/mountinfo"), _root.Path));

    [Fact]
    public async Task The_group_of_this_process_is_never_killed()
    {
        Write("default/hello/cgroup.procs", $"{Environment.ProcessId}\n");
        Write("default/hello/cgroup.kill", "");
        var error = await Assert.ThrowsAsync<LinuxException>(() => Parse("v2").KillAllAsync(Patience));
        Assert.Equal(Errno.EBUSY, error.Errno);
        Assert.Equal("", await File.ReadAllTextAsync(_root["default/hello/cgroup.kill"]));
    }

    [Fact]
    public void The_root_of_a_hierarchy_is_never_signalled()
    {
        Write("cgroup.procs", "1\n");
        var root = ControlGroup.Parse("0::/\n", Recorded("v2/mountinfo"), _root.Path);
        Assert.Equal([1], root.Processes());
        Assert.Equal(Errno.EBUSY, Assert.Throws<LinuxException>(() => root.SignalAll(Signals.SIGKILL)).Errno);
    }

    [Fact]
    public async Task On_version_2_a_kill_is_noticed_and_then_the_next()
    {
        Write("default/hello/memory.events", Recorded("v2/memory.events"));
        Write("default/hello/cgroup.events", Recorded("v2/cgroup.events"));
        var group = Parse("v2");
        var waiting = group.WaitForOomAsync(CancellationToken.None);
        await Task.Delay(100);
        Assert.False(waiting.IsCompleted);
        Write("default/hello/memory.events", Recorded("v2/memory.events").Replace("oom_kill 3", "oom_kill 4", StringComparison.Ordinal));
        Assert.True(await waiting.WaitAsync(Patience));

        // Between two waits: not lost.
        Write("default/hello/memory.events", Recorded("v2/memory.events").Replace("oom_kill 3", "oom_kill 5", StringComparison.Ordinal));
        Assert.True(await group.WaitForOomAsync(CancellationToken.None).WaitAsync(Patience));
    }

    [Fact]
    public async Task On_version_2_the_wait_ends_when_the_group_is_removed()
    {
        Write("default/hello/memory.events", Recorded("v2/memory.events"));
        Write("default/hello/cgroup.events", Recorded("v2/cgroup.events"));
        var waiting = Parse("v2").WaitForOomAsync(CancellationToken.None);
        Write("default/hello/cgroup.events", "populated 0\nfrozen 0\n");
        await Task.Delay(50);
        Directory.Delete(_root["default/hello"], recursive: true);
        Assert.False(await waiting.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_wait_can_be_cancelled_and_where_nothing_can_be_watched_there_is_none()
    {
        Assert.False(await Parse("v2").WaitForOomAsync(CancellationToken.None));
        Write("default/hello/memory.events", Recorded("v2/memory.events"));
        Write("default/hello/cgroup.events", Recorded("v2/cgroup.events"));
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Parse("v2").WaitForOomAsync(cancellation.Token).WaitAsync(Patience));
    }

    private static string Recorded(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Recorded", name));

    private ControlGroup Parse(string layout) =>
        ControlGroup.Parse(Recorded($"{layout}/proc-cgroup"), Recorded($"{layout}/mountinfo"), _root.Path);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root[name])!);
        File.WriteAllText(_root[name], text);
    }
}
