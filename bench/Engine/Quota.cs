using System.Diagnostics;
using System.Globalization;
using Skiff.Engine;

namespace Skiff.Bench.Engine;

/// <summary>How exactly a CPU quota holds over ten seconds, and how soon an endless loop ends after a stop.</summary>
internal static class Quota
{
    private const double Fraction = 0.2;
    private const int Kills = 50;
    private const string Spin = """(module (func (export "spin") (loop (br 0))))""";

    public static async Task RunAsync()
    {
        using var engine = new WasmEngine();
        using var module = Module.Load(engine, Spin);
        using var linker = new ModuleLinker(engine);
        using var linked = linker.Link(module);
        foreach (var fiber in new[] { true, false })
        {
            using var store = new WasmStore(engine, new StoreLimits { Cpu = new CpuQuota(Fraction, TimeSpan.FromMilliseconds(100)) });
            var clock = Stopwatch.StartNew();
            var call = Start(linked, store, fiber);
            await Task.Delay(TimeSpan.FromSeconds(10));
            store.Stop("over");
            await call;
            var share = store.CpuTime / clock.Elapsed;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"quota of {Fraction:P0} on a {(fiber ? "fiber" : "thread")}: used {share:P2} over {clock.Elapsed.TotalSeconds:F1} s"));
        }

        var latencies = new List<double>();
        for (var i = 0; i < Kills; i++)
        {
            using var store = new WasmStore(engine);
            var call = Start(linked, store, fiber: i % 2 == 0);
            await Task.Delay(30);
            var clock = Stopwatch.StartNew();
            store.Stop("over");
            await call;
            latencies.Add(clock.Elapsed.TotalMilliseconds);
        }

        latencies.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"stop of an endless loop: median {latencies[Kills / 2]:F2} ms, worst of {Kills} {latencies[^1]:F2} ms"));
    }

    private static Task Start(LinkedModule linked, WasmStore store, bool fiber) => Task.Run(async () =>
    {
        var spin = linked.Instantiate(store, out _)!.FindFunction("spin")!;
        _ = fiber ? await spin.CallAsync(Memory<RawValue>.Empty) : spin.Call([]);
    });
}
