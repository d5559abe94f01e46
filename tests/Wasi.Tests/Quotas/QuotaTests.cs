using Skiff.Testing;
using Skiff.Wasi.Quotas;

namespace Skiff.Wasi.Tests.Quotas;

public sealed class QuotaTests
{
    [Fact]
    public void Instances_share_what_their_guest_may_have_and_give_back_what_they_held()
    {
        var quota = new CountQuota(3);
        using var one = new QuotaShare(quota);
        using (var other = new QuotaShare(quota))
        {
            Assert.True(one.TryTake() && other.TryTake() && other.TryTake());
            Assert.False(one.TryTake());
            other.Give();
            Assert.True(one.TryTake());
            Assert.Equal((3, 1), (quota.Used, quota.Refusals));
        }

        Assert.Equal(2, quota.Used);
    }

    [Fact]
    public void All_guests_of_a_process_have_so_many_together()
    {
        var all = new CountQuota(3);
        var (one, other) = (new CountQuota(2, all), new CountQuota(10, all));
        Assert.True(one.TryTake() && one.TryTake());
        Assert.False(one.TryTake());
        Assert.True(other.TryTake());
        Assert.False(other.TryTake());
        Assert.Equal((3, 2, 1), (all.Used, one.Used, other.Used));
        one.Give(2);
        Assert.True(other.TryTake());
        Assert.Equal(2, all.Used);
    }

    [Fact]
    public void The_first_places_of_a_share_may_be_free()
    {
        var quota = new CountQuota(1);
        var share = new QuotaShare(quota, free: 2);
        Assert.True(share.TryTake() && share.TryTake());
        Assert.Equal(0, quota.Used);
        Assert.True(share.TryTake());
        Assert.False(share.TryTake());
        share.Give();
        Assert.Equal(0, quota.Used);
        Assert.True(share.TryTake());
        share.Dispose();
        share.Give();
        share.Dispose();
        Assert.Equal(0, quota.Used);
        Assert.False(share.TryTake());
    }

    [Fact]
    public async Task Who_has_written_too_much_waits_and_loses_nothing()
    {
        var time = new ManualTime();
        var quota = new RateQuota(1000, time);
        quota.Spend(1000);
        Assert.False(quota.IsOpen);
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.True(quota.IsOpen);

        // A write that is longer than what is left is paid for afterwards.
        quota.Spend(2100);
        var waiting = quota.WaitAsync(CancellationToken.None).AsTask();
        time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(waiting.IsCompleted);
        while (!waiting.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        Assert.Equal(3100, quota.Used);
        Assert.InRange(quota.Held.TotalSeconds, 2, 2.5);
    }

    [Fact]
    public void After_a_pause_a_second_of_it_may_come_at_once_and_no_more()
    {
        var time = new ManualTime();
        var quota = new RateQuota(1000, time);
        time.Advance(TimeSpan.FromHours(1));
        Assert.True(quota.IsOpen);
        quota.Spend(1000);
        Assert.False(quota.IsOpen);
    }

    [Fact]
    public void Without_a_limit_it_counts()
    {
        var quota = new RateQuota(null, new ManualTime());
        quota.Spend(int.MaxValue);
        Assert.True(quota.IsOpen);
        Assert.Equal((int.MaxValue, TimeSpan.Zero), (quota.Used, quota.Held));
    }
}
