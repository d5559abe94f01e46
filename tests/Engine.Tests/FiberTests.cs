namespace Skiff.Engine.Tests;

/// <summary>Guests on fibers: suspended, resumed, unwound.</summary>
public sealed class FiberTests : IDisposable
{
    private const string Waiter = """
        (module
          (import "host" "wait" (func $wait (param i32) (result i32)))
          (import "host" "now" (func $now (param i32) (result i32)))
          (memory (export "memory") 1)
          (global $next (mut i32) (i32.const 1024))
          (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (global.get $next))
            (global.set $next (i32.add (global.get $next) (local.get 3)))
            (drop (memory.grow (i32.const 1)))
            (local.get $at))
          (func (export "run") (param i32) (result i32)
            (i32.add (call $now (i32.const 5)) (call $wait (local.get 0))))
          (func (export "spin") (loop (br 0)))
          (func (export "trap") (param i32) (result i32) (drop (call $wait (local.get 0))) unreachable))
        """;

    private readonly WasmEngine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Fact]
    public async Task A_fiber_waits_for_a_task_and_goes_on()
    {
        var gate = new TaskCompletionSource<int>();
        using var guest = Load(new ValueTask<int>(gate.Task));
        RawValue[] values = [3];
        var call = guest.CallAsync("run", values);
        Assert.False(call.IsCompleted);
        gate.SetResult(30);
        Assert.Null(await call);
        Assert.Equal(5 + 30 + 3, values[0].I32);
    }

    [Fact]
    public async Task A_task_that_is_done_suspends_nothing()
    {
        using var guest = Load(new ValueTask<int>(1));
        var call = guest.CallAsync("run", [3]);
        Assert.True(call.IsCompleted);
        Assert.Null(await call);
    }

    private TestModule Load(ValueTask<int> task) => new(_engine, Waiter, fibers: true, link: linker =>
    {
        linker.DefineFunction("host", "wait", new FunctionType([ValueKind.I32], [ValueKind.I32]), (ref HostCall call) =>
            call.Await(task, static (ref HostCall call, int result) => call.Return(result + call.I32(0))), suspends: true);
        linker.DefineFunction("host", "now", new FunctionType([ValueKind.I32], [ValueKind.I32]), (ref HostCall call) => call.Return(call.I32(0)));
    });
}
