using System.Diagnostics;
using System.Globalization;
using Skiff.Engine;

namespace Skiff.Bench.Engine;

/// <summary>
/// Many guests that wait at once, and a few that compute through many ticks meanwhile, while the collector runs: each checks its own
/// result, so this is a stress test of code compiled ahead of time as well (the test projects run just in time).
/// </summary>
internal static class Fibers
{
    private const int Spinners = 8;

    private const string Guest = """
        (module
          (import "host" "wait" (func $wait (param i32) (result i32)))
          (import "host" "collect" (func $collect (param i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "run") (param i32) (result i32)
            (i32.store (i32.const 64) (local.get 0))
            (drop (call $collect (local.get 0)))
            (i32.add (call $wait (local.get 0)) (i32.load (i32.const 64))))
          (func (export "spin") (param $n i32) (result i32) (local $sum i32)
            (loop $again
              (local.set $sum (i32.add (local.get $sum) (call $collect (local.get $n))))
              (local.set $n (i32.sub (local.get $n) (i32.const 1)))
              (br_if $again (local.get $n)))
            (local.get $sum)))
        """;

    private static readonly FunctionType Type = new([ValueKind.I32], [ValueKind.I32]);

    public static async Task<int> RunAsync(int guests, TimeSpan time)
    {
        using var engine = new WasmEngine(new WasmEngineOptions { Pool = new PoolOptions(guests + Spinners) { InstancesPerGuest = 1, MemoriesPerGuest = 1 } });
        using var module = Module.Load(engine, Guest);
        using var linker = new ModuleLinker(engine, fibers: true);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        linker.DefineFunction("host", "collect", Type, static (ref HostCall call) =>
        {
            var garbage = new object[] { new byte[64], call.I32(0) };
            if (call.I32(0) % 1000 == 0)
            {
                GC.Collect(0);
            }

            call.Return((int)garbage[1] & 1);
        });
        linker.DefineFunction("host", "wait", Type, (ref HostCall call) =>
            call.Await(new ValueTask<int>(WaitAsync(gate.Task, call.I32(0))), static (ref HostCall call, int result) => call.Return(result)), suspends: true);
        using var linked = linker.Link(module);

        var before = Resident();
        var clock = Stopwatch.StartNew();
        var waiting = Enumerable.Range(0, guests).Select(number => Task.Run(() => CallAsync(engine, linked, "run", number))).ToArray();
        using var stop = new CancellationTokenSource(time);
        var spinning = Enumerable.Range(0, Spinners).Select(number => Task.Run(async () =>
        {
            var rounds = 0;
            while (!stop.IsCancellationRequested)
            {
                var count = 200_000 + number;
                var sum = await CallAsync(engine, linked, "spin", count);
                if (sum != (count + 1) / 2)
                {
                    throw new InvalidOperationException($"a spinning guest counted {sum}");
                }

                rounds++;
            }

            return rounds;
        })).ToArray();
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(100);
            GC.Collect();
        }

        var during = Resident();
        gate.SetResult();
        var results = await Task.WhenAll(waiting);
        var bad = results.Where((result, number) => result != 3 * number).Count();
        var rounds = (await Task.WhenAll(spinning)).Sum();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"fibers: {guests} waiting, {(during - before) / 1024.0 / guests:F1} KiB each, {during >> 20} MiB in all; {rounds} rounds of {Spinners} spinners in {clock.Elapsed.TotalSeconds:F1} s; {bad} wrong results"));
        return bad == 0 ? 0 : 1;
    }

    private static async Task<int> WaitAsync(Task gate, int number)
    {
        await gate;
        return 2 * number;
    }

    private static async Task<int> CallAsync(WasmEngine engine, LinkedModule linked, string export, int argument)
    {
        using var store = new WasmStore(engine, new StoreLimits { MemoryBytes = 1 << 20 });
        var (instance, end) = await linked.InstantiateAsync(store);
        RawValue[] values = [argument];
        end ??= await instance!.FindFunction(export)!.CallAsync(values);
        return end is null ? values[0].I32 : throw new InvalidOperationException(end.Trap?.ToString());
    }

    private static long Resident() => Process.GetCurrentProcess().WorkingSet64;
}
