using Skiff.Engine;

namespace Skiff.Wasi.Tests.Preview1;

/// <summary>Clocks of CPU time, which count what the guest uses and nothing else.</summary>
public sealed class ClockTests
{
    private const int Milliseconds = 1_000_000;

    private const string Guest = """
        (module
          (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
          (import "wasi_snapshot_preview1" "clock_res_get" (func $resolution (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 80) "\01")
          (func (export "now") (param i32) (result i64)
            (if (call $time (local.get 0) (i64.const 1) (i32.const 0)) (then unreachable))
            (i64.load (i32.const 0)))
          (func (export "resolution") (param i32) (result i64)
            (if (call $resolution (local.get 0) (i32.const 0)) (then unreachable))
            (i64.load (i32.const 0)))
          (func (export "burn") (param i32)
            (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
          ;; A subscription at 64: the monotonic clock, so many nanoseconds from now.
          (func (export "sleep") (param i64)
            (i32.store8 (i32.const 72) (i32.const 0))
            (i64.store (i32.const 88) (local.get 0))
            (if (call $poll (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 0)) (then unreachable))))
        """;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Cpu_time_grows_while_the_guest_works_and_not_while_it_sleeps(int clock)
    {
        foreach (var (fibers, early) in new[] { (false, false), (false, true), (true, false), (true, true) })
        {
            using var guest = new CoreGuest(CoreGuest.Text(Guest), new WasiContext(), fibers);
            if (early)
            {
                guest.Store.MeasureCpu();
            }

            var instance = fibers ? await guest.InstantiateAsync() : guest.Instantiate();
            async Task<long> CallAsync(string name, RawValue argument)
            {
                RawValue[] values = [argument];
                var function = instance.FindFunction(name)!;
                Assert.Null(fibers ? await function.CallAsync(values) : function.Call(values));
                return values[0].I64;
            }

            Assert.Equal(1, await CallAsync("resolution", clock));
            var first = await CallAsync("now", clock);
            await CallAsync("burn", 20_000_000);
            var worked = await CallAsync("now", clock);
            await CallAsync("sleep", 100L * Milliseconds);
            var slept = await CallAsync("now", clock);
            Assert.InRange(worked - first, 2 * Milliseconds, long.MaxValue);
            Assert.InRange(slept - worked, 0, 50 * Milliseconds);
        }
    }
}
