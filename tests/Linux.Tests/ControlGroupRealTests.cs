using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

/// <summary>Against this node's own kernel, where it has control groups of version 1.</summary>
public sealed class ControlGroupRealTests(ReaperFixture fixture)
{
    private const string NoGroups = "needs root and control groups of version 1";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_kill_for_lack_of_memory_is_noticed_and_counted()
    {
        Assert.SkipUnless(ScratchGroup.IsPossible, NoGroups);
        using var scratch = new ScratchGroup();
        scratch.Set("memory", "memory.limit_in_bytes", "16777216");
        var child = fixture.Reaper.Spawn(ReaperFixture.Shell($"{scratch.Enter} read go <&3; exec tail /dev/zero") with { Inherited = [Gate(out var go)] });
        var group = await Entered(child, scratch);
        Assert.Equal(0, group.OomKills());
        var waiting = group.WaitForOomAsync(CancellationToken.None);
        go.Dispose();
        Assert.True(await waiting.WaitAsync(Patience));
        Assert.Equal(Signals.SIGKILL, (await child.Exit.WaitAsync(Patience)).Signal);
        Assert.Equal(1, group.OomKills());
    }

    [Fact]
    public async Task The_wait_ends_when_the_group_is_removed()
    {
        Assert.SkipUnless(ScratchGroup.IsPossible, NoGroups);
        using var scratch = new ScratchGroup();
        var child = fixture.Reaper.Spawn(ReaperFixture.Shell($"{scratch.Enter} exec sleep 100"));
        var group = await Entered(child, scratch);
        var waiting = group.WaitForOomAsync(CancellationToken.None);
        await Task.Delay(50);
        Assert.False(waiting.IsCompleted);
        child.Signal(Signals.SIGKILL);
        await child.Exit;
        scratch.Dispose();
        Assert.False(await waiting.WaitAsync(Patience));
        Assert.False(await group.WaitForOomAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Fifty_watches_at_once_end_each_by_itself_and_leave_no_descriptor_and_no_thread()
    {
        Assert.SkipUnless(ScratchGroup.IsPossible, NoGroups);
        var threads = Directory.GetDirectories("/proc/self/task").Length;
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
        {
            using var scratch = new ScratchGroup();
            var child = fixture.Reaper.Spawn(ReaperFixture.Shell($"{scratch.Enter} exec sleep 100"));
            var group = await Entered(child, scratch);
            using var cancellation = new CancellationTokenSource();
            var waiting = group.WaitForOomAsync(cancellation.Token);
            child.Signal(Signals.SIGKILL);
            await child.Exit;
            if (i % 2 == 0)
            {
                await cancellation.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience));
            }
            else
            {
                scratch.Dispose();
                Assert.False(await waiting.WaitAsync(Patience));
            }
        }));
        await Eventually.True(() => Directory.GetFiles("/proc/self/fd").Count(IsEventDescriptor) <= 3);
        Assert.InRange(Directory.GetDirectories("/proc/self/task").Length, 0, threads + 10);
    }

    [Fact]
    public async Task A_process_is_born_in_its_group_and_the_starter_goes_home_with_its_thread()
    {
        Assert.SkipUnless(ScratchGroup.IsPossible, NoGroups);
        const string Path = "/skiff-test-born/within";
        using var messenger = new MessengerThread();
        using var pause = new PauseProgram();
        var group = ControlGroup.OfUsageAt(Path);
        fixture.Reaper.Begin();
        ChildProcess holder;
        using (var worker = new NamespaceWorker(messenger))
        {
            holder = await worker.RunAsync(() => group.StartIn(
                () => fixture.Reaper.Spawn(pause.Named("born"))));
        }

        var lines = File.ReadAllLines($"/proc/{holder.Pid}/cgroup");
        Assert.Contains(lines, line => line.EndsWith($":memory:{Path}", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.EndsWith($":pids:{Path}", StringComparison.Ordinal));
        await Eventually.True(() => group.Processes() is [var only] && only == holder.Pid);
        holder.Signal(Signals.SIGKILL);
        await holder.Exit.WaitAsync(Patience);
        Assert.True(await group.TryRemoveAsync(Path, Patience));
        Assert.True(await ControlGroup.OfUsageAt("/skiff-test-born").TryRemoveAsync("/skiff-test-born", Patience));
    }

    [Fact]
    public async Task All_processes_of_a_group_are_killed_also_frozen_ones_and_those_below()
    {
        Assert.SkipUnless(ScratchGroup.IsPossible, NoGroups);
        using var scratch = new ScratchGroup();
        Directory.CreateDirectory($"{scratch.Folder("freezer")}/below");
        try
        {
            var child = fixture.Reaper.Spawn(ReaperFixture.Shell($"{scratch.Enter} for i in 1 2 3 4 5; do sleep 100 & done; (echo 0 > {scratch.Folder("freezer")}/below/cgroup.procs; exec sleep 100) & wait"));
            var group = await Entered(child, scratch);
            await Eventually.True(() => group.Processes().Count == 7);
            scratch.Set("freezer", "freezer.state", "FROZEN");
            Assert.True(await group.KillAllAsync(Patience));
            Assert.Equal(Signals.SIGKILL, (await child.Exit.WaitAsync(Patience)).Signal);
            Assert.Empty(group.Processes());
        }
        finally
        {
            Directory.Delete($"{scratch.Folder("freezer")}/below");
        }
    }

    [Fact]
    public async Task A_group_that_forks_without_end_is_killed_too()
    {
        Assert.SkipUnless(ScratchGroup.IsPossible, NoGroups);
        using var scratch = new ScratchGroup();
        scratch.Set("pids", "pids.max", "40");
        var child = fixture.Reaper.Spawn(ReaperFixture.Shell($"{scratch.Enter} exec perl -e 'fork while 1'"));
        var group = await Entered(child, scratch);
        Assert.True(await group.KillAllAsync(Patience));
        await child.Exit.WaitAsync(Patience);
        await Eventually.True(() => group.Processes().Count == 0);
    }

    private static bool IsEventDescriptor(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: false)?.Name.Contains("eventfd", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>A descriptor to read from, which reports its end once <paramref name="go"/> is disposed.</summary>
    private static Microsoft.Win32.SafeHandles.SafeFileHandle Gate(out IDisposable go)
    {
        var (read, write) = Descriptors.Pipe();
        go = write;
        return read;
    }

    private static async Task<ControlGroup> Entered(ChildProcess child, ScratchGroup scratch)
    {
        var last = scratch.Folder("pids");
        await Eventually.True(() => File.ReadAllText($"{last}/cgroup.procs").Split('\n').Contains($"{child.Pid}"));
        return ControlGroup.OfProcess(child.Pid);
    }
}
