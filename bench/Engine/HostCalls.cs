using System.Globalization;
using System.Text;
using Skiff.Engine;

namespace Skiff.Bench.Engine;

/// <summary>What a call of a host function costs: a loop of the guest, per call.</summary>
internal static class HostCalls
{
    private const int Calls = 200_000;

    private const string Guest = """
        (module
          (import "host" "nothing" (func $nothing))
          (import "host" "add" (func $add (param i32 i32 i32) (result i32)))
          (import "host" "bytes" (func $bytes (param i32 i32)))
          (import "host" "text" (func $text (param i32 i32)))
          (import "host" "ready" (func $ready (param i32) (result i32)))
          (import "host" "nested" (func $nested (param i32) (result i32)))
          (import "host" "nestedready" (func $nestedready (param i32) (result i32)))
          (memory (export "memory") 2)
          (data (i32.const 64) "0123456789abcdef0123456789abcdef")
          (func (export "nothing") (param $n i32) (loop $again (call $nothing) (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $again (local.get $n))))
          (func (export "add") (param $n i32) (loop $again (drop (call $add (local.get $n) (i32.const 1) (i32.const 2))) (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $again (local.get $n))))
          (func (export "bytes") (param $n i32) (loop $again (call $bytes (i32.const 64) (i32.const 4096)) (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $again (local.get $n))))
          (func (export "text") (param $n i32) (loop $again (call $text (i32.const 64) (i32.const 32)) (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $again (local.get $n))))
          (func (export "ready") (param $n i32) (loop $again (drop (call $ready (local.get $n))) (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $again (local.get $n))))
          (func (export "nested") (param $n i32) (loop $again (drop (call $nested (local.get $n))) (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $again (local.get $n))))
          (func (export "nestedready") (param $n i32) (loop $again (drop (call $nestedready (local.get $n))) (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if $again (local.get $n))))
          (func (export "empty")))
        """;

    private static readonly FunctionType Span = new([ValueKind.I32, ValueKind.I32], []);

    public static async Task RunAsync()
    {
        using var engine = new WasmEngine();
        using var module = Module.Load(engine, Guest);
        foreach (var fibers in new[] { false, true })
        {
            using var linker = new ModuleLinker(engine, fibers);
            Define(linker);
            using var linked = linker.Link(module);
            var state = new State();
            using var store = new WasmStore(engine, state: state);
            var instance = (await linked.InstantiateAsync(store)).Instance!;
            state.Inner = instance.FindFunction("empty");
            foreach (var name in new[] { "nothing", "add", "bytes", "text", "nested", "ready", "nestedready" })
            {
                if (fibers && !name.EndsWith("ready", StringComparison.Ordinal))
                {
                    continue;
                }

                var function = instance.FindFunction(name)!;
                RawValue[] values = [Calls];
                var best = await Cpu.BestAsync(async () =>
                {
                    values[0] = Calls;
                    var end = fibers ? await function.CallAsync(values) : function.Call(values);
                    if (end is not null)
                    {
                        throw new InvalidOperationException(end.Trap?.ToString());
                    }
                });
                Print($"host call: {name}{(fibers ? ", on a fiber" : "")}", best / Calls);
            }

            if (fibers)
            {
                var empty = instance.FindFunction("empty")!;
                Print("guest call on a fiber", await Cpu.BestAsync(async () =>
                {
                    for (var i = 0; i < 1000; i++)
                    {
                        await empty.CallAsync(Memory<RawValue>.Empty);
                    }
                }) / 1000);
            }
        }
    }

    private static void Define(ModuleLinker linker)
    {
        linker.DefineFunction("host", "nothing", FunctionType.Empty, static (ref HostCall _) => { });
        linker.DefineFunction(
            "host", "add", new FunctionType([ValueKind.I32, ValueKind.I32, ValueKind.I32], [ValueKind.I32]), static (ref HostCall call) => call.Return(call.I32(0) + call.I32(1) + call.I32(2)));
        linker.DefineFunction("host", "bytes", Span, static (ref HostCall call) => call.Memory().Slice(call.U32(0), call.U32(1)).CopyTo(((State)call.State!).Buffer));
        linker.DefineFunction("host", "text", Span, static (ref HostCall call) => Encoding.UTF8.GetString(call.Memory().Slice(call.U32(0), call.U32(1))));
        linker.DefineFunction("host", "ready", new FunctionType([ValueKind.I32], [ValueKind.I32]), static (ref HostCall call) =>
            call.Await(new ValueTask<int>(call.I32(0)), static (ref HostCall call, int result) => call.Return(result)), suspends: true);
        foreach (var name in new[] { "nested", "nestedready" })
        {
            linker.DefineFunction("host", name, new FunctionType([ValueKind.I32], [ValueKind.I32]), static (ref HostCall call) =>
            {
                if (((State)call.State!).Inner!.Call([]) is not null)
                {
                    throw new GuestTrapException("the inner call ended the guest");
                }
            }, suspends: name == "nestedready");
        }
    }

    private static void Print(string what, double nanoseconds) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-40} {nanoseconds,10:F1} ns"));

    private sealed class State
    {
        public byte[] Buffer { get; } = new byte[4096];

        public GuestFunction? Inner { get; set; }
    }
}
