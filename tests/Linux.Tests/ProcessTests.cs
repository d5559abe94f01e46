using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed class ProcessTests(ReaperFixture fixture)
{
    [Fact]
    public async Task A_process_is_known_until_it_ends_and_its_successor_is_another()
    {
        var child = fixture.Reaper.Spawn(ReaperFixture.Shell("exec sleep 100"));
        var identity = ProcessIdentity.TryRead(child.Pid);
        Assert.NotNull(identity);
        Assert.True(identity.Value.IsAlive);
        Assert.False((identity.Value with { StartTicks = identity.Value.StartTicks - 1 }).Signal(Signals.SIGKILL));
        Assert.True(identity.Value.Signal(Signals.SIGKILL));
        await child.Exit;
        Assert.False(identity.Value.IsAlive);
        Assert.False(identity.Value.Signal(Signals.SIGKILL));
        Assert.Null(ProcessIdentity.TryRead(child.Pid));
    }

    [Theory]
    [InlineData("12 (a) b) S 1 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 100 200", 'S', 98765, false, 1)]
    [InlineData("7 (Z 1 2 3) Z 1 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 5 100 200", 'Z', 5, true, 1)]
    [InlineData("7 (x) R 1 12 12 0 -1 4194564 1 2 3 4 5 6 7 8 20 0 1 0 5 100 200", 'R', 5, true, 1)]
    [InlineData("7 (x) D 1 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 3 0 5 100 200 18446744073709551615 1 1 0 0 0 256 0 4096", 'D', 5, true, 3)]
    [InlineData("7 (x) D 1 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 5 100 200 18446744073709551615 1 1 0 0 0 16384 256 4352", 'D', 5, false, 1)]
    public void A_name_full_of_brackets_does_not_confuse_and_a_process_that_ends_is_known(string stat, char state, long ticks, bool isEnding, int threads) =>
        Assert.Equal((state, ticks, isEnding, threads), ProcessIdentity.Parse(stat));

    [Fact]
    public async Task This_process_lives_and_one_that_was_killed_does_not()
    {
        Assert.True(ProcessIdentity.Lives(Environment.ProcessId));
        Assert.Null(ProcessIdentity.Lives(int.MaxValue));
        var child = fixture.Reaper.Spawn(ReaperFixture.Shell("exec sleep 100"));
        Assert.True(ProcessIdentity.Lives(child.Pid));
        child.Signal(Signals.SIGKILL);

        // It has taken the signal, and is not yet marked as exiting: a few instructions.
        await Eventually.True(() => ProcessIdentity.Lives(child.Pid) != true);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1 (x) S 1 2 3")]
    public void A_text_that_is_no_stat_is_no_process(string stat) => Assert.Null(ProcessIdentity.Parse(stat));

    [Fact]
    public async Task An_oom_score_is_set_and_read()
    {
        var before = OomScore.TryRead(Environment.ProcessId);
        Assert.NotNull(before);
        OomScore.SetSelf(before.Value + 1);
        var result = await fixture.RunShell("cat /proc/self/oom_score_adj");
        OomScore.SetSelf(before.Value);
        Assert.Equal($"{before + 1}", result.Output.Trim());
        Assert.Null(OomScore.TryRead(int.MaxValue));
    }

    [Fact]
    public async Task The_limit_of_open_files_is_raised_to_the_hard_one()
    {
        var limit = ResourceLimits.RaiseOpenFiles();
        var result = await fixture.RunShell("ulimit -n; ulimit -Hn");
        Assert.Equal($"{limit}\n{limit}\n", result.Output);
    }

    [Fact]
    public async Task Limits_are_set_on_this_process()
    {
        // Limits so high that they hurt nobody, but finite, so that they can be seen.
        new ResourceLimits { FileBytes = 1L << 50, CpuSeconds = 1_000_000, DataBytes = 1L << 50 }.SetSelf();
        var result = await fixture.RunShell("ulimit -f; ulimit -t; ulimit -d");
        Assert.Equal($"{(1L << 50) / 512}\n1000000\n{(1L << 50) / 1024}\n", result.Output);
    }
}
