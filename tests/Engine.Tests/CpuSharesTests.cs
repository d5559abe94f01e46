namespace Skiff.Engine.Tests;

public sealed class CpuSharesTests : IDisposable
{
    private readonly WasmEngine _engine = new(new WasmEngineOptions());

    public void Dispose() => _engine.Dispose();

    [Fact]
    public async Task Busy_guests_share_a_processor_by_their_weights()
    {
        var (heavy, light) = await SpinAsync(new CpuShares(1), 3072, 1024, milliseconds: 1500);

        // 3 where nobody else wants the processor; that the machine has others to serve takes from both alike, in the long run.
        Assert.InRange(heavy / light, 1.8, 5);
    }

    [Fact]
    public async Task Where_there_are_processors_enough_nobody_waits()
    {
        var (_, light) = await SpinAsync(new CpuShares(2), 262144, 2, milliseconds: 1000);
        Assert.True(light > TimeSpan.FromMilliseconds(100), $"{light} of 1 s");
    }

    [Fact]
    public void Who_has_used_least_for_its_weight_comes_next_and_sleep_saves_nothing_up()
    {
        var shares = new CpuShares(1);
        var (one, two, late) = (0.0, 10.0, 0.0);
        Assert.True(shares.TryEnter(ref one, 0, out _));
        Assert.False(shares.TryEnter(ref two, 0, out var turnOfTwo));
        one += 20;
        shares.Leave();
        Assert.True(turnOfTwo!.Task.IsCompleted);

        // Called, and not yet back: whoever comes meanwhile and has used more still finds the place free.
        Assert.True(shares.TryEnter(ref two, 0, out _));
        Assert.False(shares.TryEnter(ref one, 0, out _));
        Assert.False(shares.TryEnter(ref late, 0, out _));
        Assert.Equal(10, late);
        shares.Leave();
    }

    [Fact]
    public void Nobody_waits_for_ever_for_one_that_does_not_leave()
    {
        var shares = new CpuShares(1);
        shares.Enter();
        var used = 0.0;
        for (var missed = 0; missed < CpuShares.TurnsMissedMost; missed++)
        {
            Assert.False(shares.TryEnter(ref used, missed, out var turn));
            turn!.TrySetResult();
        }

        Assert.True(shares.TryEnter(ref used, CpuShares.TurnsMissedMost, out _));
    }

    [Fact]
    public void Who_has_had_a_tick_goes_on_unless_somebody_has_used_less()
    {
        var shares = new CpuShares(1);
        var (one, two) = (0.0, 10.0);
        Assert.True(shares.TryEnter(ref one, 0, out _));
        Assert.False(shares.TryEnter(ref two, 0, out var turn));
        one = 5;
        Assert.True(shares.TryStay(ref one, out _));
        one = 15;
        Assert.False(shares.TryStay(ref one, out _));
        Assert.True(turn!.Task.IsCompleted);
        Assert.True(shares.TryEnter(ref two, 0, out _));
    }

    /// <summary>CPU time of two guests that never wait.</summary>
    private async Task<(TimeSpan Heavy, TimeSpan Light)> SpinAsync(CpuShares shares, long heavyWeight, long lightWeight, int milliseconds)
    {
        var (heavy, light) = (Quota(shares, heavyWeight), Quota(shares, lightWeight));
        using var first = Spinner(heavy);
        using var second = Spinner(light);
        var calls = new[] { first, second }.Select(guest => Task.Run(async () => await guest.CallAsync("spin"))).ToList();
        await Task.Delay(milliseconds);
        first.Store.Stop("enough");
        second.Store.Stop("enough");
        await Task.WhenAll(calls);
        return (heavy.Used, light.Used);
    }

    private static CpuQuota Quota(CpuShares shares, long weight) => new(null, TimeSpan.FromMilliseconds(100), null, shares) { Weight = weight };

    private TestModule Spinner(CpuQuota quota) =>
        new(_engine, """(module (func (export "spin") (loop (br 0))))""", new StoreLimits { Cpu = quota }, fibers: true);
}
