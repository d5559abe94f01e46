using System.Diagnostics;

namespace Skiff.Engine.Tests;

/// <summary>Ticks, quotas and slots.</summary>
public sealed class ClockTests : IDisposable
{
    private readonly WasmEngine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Theory]
    [InlineData(false, 0.2)]
    [InlineData(true, 0.2)]
    public async Task A_quota_holds(bool fiber, double fraction)
    {
        var limits = new StoreLimits { Cpu = new CpuQuota(fraction, TimeSpan.FromMilliseconds(50)) };
        using var guest = new TestModule(_engine, """(module (func (export "spin") (loop (br 0))))""", limits, fibers: fiber);
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        var call = Task.Run(async () => fiber ? await guest.CallAsync("spin") : guest.Call("spin"));
        await Task.Delay(2000);
        guest.Store.Stop("enough");
        Assert.Equal("enough", (await call)!.Trap!.Message);
        var used = guest.Store.CpuTime.TotalSeconds / clock.Elapsed.TotalSeconds;
        // What was saved up comes on top; less is used where others take the processor. bench/Engine measures how exactly it holds.
        Assert.InRange(used, 0.001, fraction + 0.04);
        Assert.True(Process.GetCurrentProcess().TotalProcessorTime - before >= guest.Store.CpuTime);
    }

    [Fact]
    public void Time_that_was_used_too_much_is_paid_back()
    {
        var time = new FakeTime();
        var quota = new CpuQuota(0.5, TimeSpan.FromMilliseconds(100), time);
        Assert.Equal(TimeSpan.Zero, quota.Charge(50_000_000).Time);
        Assert.Equal(TimeSpan.FromMilliseconds(20), quota.Charge(10_000_000).Time);
        time.Advance(TimeSpan.FromMilliseconds(15));
        Assert.Equal(TimeSpan.FromMilliseconds(5), quota.Charge(0).Time);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.Zero, quota.Charge(50_000_000).Time);
        Assert.Equal(TimeSpan.FromMilliseconds(2), quota.Charge(1_000_000).Time);
    }

    [Fact]
    public async Task An_engine_whose_guests_need_no_clock_has_no_thread()
    {
        using var guest = new TestModule(_engine, """(module (func (export "run")))""");
        Assert.Null(guest.Call("run"));
        Assert.False(_engine.Ticker.IsRunning);
        Assert.Null(await guest.CallAsync("run"));
        Assert.True(_engine.Ticker.IsRunning);
    }

    [Fact]
    public async Task Endless_loops_do_not_starve_the_others()
    {
        using var module = TestModule.Load(_engine, """(module (func (export "spin") (loop (br 0))) (func (export "run")))""");
        using var linker = new ModuleLinker(_engine);
        using var linked = linker.Link(module);
        var spinners = Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(_ => new WasmStore(_engine)).ToArray();
        var spinning = spinners.Select(store => Task.Run(async () =>
            await (await linked.InstantiateAsync(store)).Instance!.FindFunction("spin")!.CallAsync(Memory<RawValue>.Empty))).ToArray();
        await Task.Delay(200);
        for (var i = 0; i < 20; i++)
        {
            await Task.Run(async () =>
            {
                using var store = new WasmStore(_engine);
                Assert.Null(await (await linked.InstantiateAsync(store)).Instance!.FindFunction("run")!.CallAsync(Memory<RawValue>.Empty));
            }).WaitAsync(TimeSpan.FromSeconds(20));
        }

        foreach (var store in spinners)
        {
            store.Stop("enough");
        }

        Assert.All(await Task.WhenAll(spinning), end => Assert.Equal("enough", end!.Trap!.Message));
        foreach (var store in spinners)
        {
            store.Dispose();
        }
    }

    [Fact]
    public void A_process_has_maps_for_as_many_guests_as_it_may_run()
    {
        var maps = int.Parse(File.ReadAllText("/proc/sys/vm/max_map_count"), System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(GuestLimit.Largest, 1, maps / 5);
        Assert.InRange(GuestLimit.LargestWith(memoriesPerGuest: 2, stacksPerGuest: 4), 1, maps / 14);
    }

    private sealed class FakeTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1_000_000_000;

        public void Advance(TimeSpan time) => _now += (long)time.TotalNanoseconds;

        public override long GetTimestamp() => _now;
    }
}
