using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Wasi.Clocks;
using Skiff.Wasi.Quotas;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Tests.Streams;

public sealed class PollSetTests
{
    [Fact]
    public async Task The_first_of_several_ends_the_wait_and_duplicates_are_answered_twice()
    {
        using var readiness = new ReadinessLoop();
        var (read, write) = Descriptors.Pipe();
        using var stream = new DescriptorInputStream(new SharedDescriptor(read, false), readiness);
        using var data = stream.Subscribe();
        using var never = Clocks().At(ulong.MaxValue)!;
        var waiting = PollSet.WaitAnyAsync([never, data, never, data], CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        StreamIO.Write(write, "x"u8);
        var ready = await waiting;
        Assert.Equal([1u, 3u], ready);
        write.Dispose();
    }

    [Fact]
    public void A_guest_waits_for_so_many_times_and_no_more()
    {
        var quota = new CountQuota(2);
        using var share = new QuotaShare(quota);
        var clocks = new GuestClocks(TimeProvider.System, () => share);
        using var first = clocks.At(ulong.MaxValue);
        var second = clocks.After(1)!;
        Assert.Null(clocks.AtWall(1));
        second.Dispose();
        second.Dispose();
        Assert.Equal((1, 1), (quota.Used, quota.Refusals));
        using var third = clocks.AtWall(1);
        Assert.NotNull(third);
    }

    [Fact]
    public async Task A_timer_is_never_early()
    {
        var clocks = Clocks();
        foreach (var nanoseconds in new ulong[] { 0, 1, 300_000, 999_999, 5_000_001 })
        {
            var until = clocks.Monotonic + nanoseconds;
            using var timer = clocks.At(until)!;
            await PollSet.WaitAnyAsync([timer], CancellationToken.None);
            Assert.True(clocks.Monotonic >= until);
        }
    }

    [Fact]
    public async Task A_pollable_of_a_stream_that_is_gone_is_ready()
    {
        using var readiness = new ReadinessLoop();
        var (read, write) = Descriptors.Pipe();
        var stream = new DescriptorInputStream(new SharedDescriptor(read, false), readiness);
        using var pollable = stream.Subscribe();
        Assert.False(pollable.IsReady);
        stream.Dispose();
        Assert.True(pollable.IsReady);
        await pollable.Block();
        write.Dispose();
    }

    [Fact]
    public async Task Cancelling_a_poll_lets_go_of_all_its_waits()
    {
        using var readiness = new ReadinessLoop();
        var (read, write) = Descriptors.Pipe();
        using var stream = new DescriptorInputStream(new SharedDescriptor(read, false), readiness);
        using var one = stream.Subscribe();
        using var two = stream.Subscribe();
        using var stop = new CancellationTokenSource();
        var waiting = PollSet.WaitAnyAsync([one, two], stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        stream.Dispose();
        Assert.Equal(-Errno.EPIPE, FileCalls.Write(write, "x"u8));
        write.Dispose();
    }

    private static GuestClocks Clocks()
    {
        var share = new QuotaShare(new CountQuota(10));
        return new GuestClocks(TimeProvider.System, () => share);
    }
}
