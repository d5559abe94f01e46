using System.Diagnostics;
using System.Globalization;
using Skiff.Engine;

namespace Skiff.Bench.Engine;

/// <summary>What an instance costs: to make and drop, and to keep. With the path of a core module, that one; else a small one.</summary>
internal static class Instances
{
    private const int Count = 500;
    private const string Small = """(module (memory (export "memory") 2) (data (i32.const 64) "some data") (func (export "run")))""";

    public static async Task RunAsync(string? path)
    {
        foreach (var pool in new PoolOptions?[] { null, new PoolOptions(Count) { MemoriesPerGuest = 1 } })
        {
            using var engine = new WasmEngine(new WasmEngineOptions { Pool = pool });
            using var module = path is null ? Module.Load(engine, Small) : Module.Read(engine, path);
            using var linker = new ModuleLinker(engine);
            foreach (var import in module.Imports)
            {
                linker.DefineFunction(import.Module, import.Name, import.Function!, static (ref HostCall _) => throw new GuestTrapException("not offered"));
            }

            using var linked = linker.Link(module);
            var best = await Cpu.BestAsync(() =>
            {
                for (var i = 0; i < Count; i++)
                {
                    using var store = new WasmStore(engine, new StoreLimits { MemoryBytes = 64 << 20 });
                    linked.Instantiate(store, out _);
                }

                return Task.CompletedTask;
            });
            var before = Process.GetCurrentProcess().WorkingSet64;
            var live = new List<WasmStore>();
            for (var i = 0; i < Count; i++)
            {
                live.Add(new WasmStore(engine, new StoreLimits { MemoryBytes = 64 << 20 }));
                linked.Instantiate(live[^1], out _);
            }

            var each = (Process.GetCurrentProcess().WorkingSet64 - before) / 1024.0 / Count;
            live.ForEach(store => store.Dispose());
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{(pool is null ? "on demand" : "pool"),-10} make and drop {best / Count / 1000,7:F2} us   live {each,7:F1} KiB"));
        }
    }
}
