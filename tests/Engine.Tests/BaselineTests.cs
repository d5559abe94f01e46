namespace Skiff.Engine.Tests;

/// <summary>The baseline compiler does what the optimising one does.</summary>
public sealed class BaselineTests : IDisposable
{
    private readonly WasmEngine _engine = new(new WasmEngineOptions { Baseline = true });

    public void Dispose() => _engine.Dispose();

    [Fact]
    public async Task Guests_wait_trap_and_are_stopped()
    {
        using var guest = new TestModule(_engine, """
            (module $m
              (import "host" "wait" (func $wait (param i32) (result i32)))
              (memory (export "memory") 1)
              (func (export "run") (param i32) (result i32) (call $wait (local.get 0)))
              (func $deep (drop (i32.load (i32.const 70000))))
              (func (export "trap") (call $deep))
              (func (export "spin") (loop (br 0))))
            """, fibers: true, link: linker => linker.DefineFunction("host", "wait", new FunctionType([ValueKind.I32], [ValueKind.I32]), static (ref HostCall call) =>
                call.Await(new ValueTask<int>(Task.Delay(5).ContinueWith(_ => 1)), static (ref HostCall call, int result) =>
                {
                    GC.Collect();
                    call.Return(result + call.I32(0));
                }), suspends: true));
        RawValue[] values = [41];
        Assert.Null(await guest.CallAsync("run", values));
        Assert.Equal(42, values[0].I32);
        using var spinner = new TestModule(_engine, """(module (func (export "spin") (loop (br 0))))""", fibers: true);
        var call = Task.Run(() => spinner.CallAsync("spin").AsTask());
        await Task.Delay(50);
        spinner.Store.Stop("enough");
        Assert.Equal("enough", (await call)!.Trap!.Message);
        var end = await guest.CallAsync("trap");
        Assert.Contains("out of bounds", end!.Trap!.Message, StringComparison.Ordinal);
        Assert.Equal("deep", end.Trap.Backtrace[0].Function);
    }

    [Fact]
    public void Its_code_is_not_loaded_by_an_engine_of_the_other_kind()
    {
        using var other = new WasmEngine();
        using var code = _engine.Compile(WasmEngine.FromText("(module (func))"u8));
        Assert.Throws<EngineException>(() => CompiledModule.Load(other, code.Bytes));
        CompiledModule.Load(_engine, code.Bytes).Dispose();
        Assert.NotEqual(WasmEngine.Tag, WasmEngine.BaselineTag);
    }
}
