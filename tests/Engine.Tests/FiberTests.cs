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
        // A tick may come between, which also ends the first turn; not ten times.
        var atOnce = false;
        for (var i = 0; i < 10 && !atOnce; i++)
        {
            using var guest = Load(new ValueTask<int>(1));
            var call = guest.CallAsync("run", [3]);
            atOnce = call.IsCompleted;
            Assert.Null(await call);
        }

        Assert.True(atOnce);
    }

    [Fact]
    public async Task A_completion_may_call_the_guest_and_touch_its_memory()
    {
        var gate = new TaskCompletionSource<byte[]>();
        using var guest = new TestModule(_engine, Waiter, fibers: true, link: linker =>
        {
            linker.DefineFunction("host", "now", new FunctionType([ValueKind.I32], [ValueKind.I32]), (ref HostCall call) => call.Return(0));
            linker.DefineFunction("host", "wait", new FunctionType([ValueKind.I32], [ValueKind.I32]), (ref HostCall call) =>
                call.Await(new ValueTask<byte[]>(gate.Task), (ref HostCall call, byte[] bytes) =>
                {
                    GC.Collect();
                    RawValue[] values = [0, 0, 1, bytes.Length];
                    var instance = (ModuleInstance)((StrongReference)call.State!).Target!;
                    Assert.Null(instance.FindFunction("realloc")!.Call(values));
                    bytes.CopyTo(call.Memory().Slice(values[0].U32, (uint)bytes.Length));
                    call.Return(values[0].I32);
                }), suspends: true);
        }, state: new StrongReference());
        ((StrongReference)guest.Store.State!).Target = guest.Instance;
        RawValue[] values = [3];
        var call = guest.CallAsync("run", values);
        gate.SetResult("hello"u8.ToArray());
        Assert.Null(await call);
        var memory = guest.Instance.FindMemory("memory")!.Value;
        Assert.Equal((ulong)2 << 16, memory.Length);
        Assert.Equal("hello"u8.ToArray(), memory.Slice(values[0].U32, 5).ToArray());
    }

    [Fact]
    public void Without_a_fiber_a_guest_whose_imports_suspend_cannot_be_entered()
    {
        using var guest = Load(new ValueTask<int>(1));
        Assert.Throws<InvalidOperationException>(() => guest.Call("run", 1));
    }

    [Fact]
    public async Task An_instance_made_within_a_host_function_on_a_fiber_works()
    {
        using var inner = TestModule.Load(_engine, """
            (module (import "" "f" (func $f (param i32) (result i32))) (global $g (mut i32) (i32.const 0))
              (func $s (global.set $g (call $f (i32.const 4)))) (start $s) (func (export "g") (result i32) (global.get $g)))
            """);
        var gate = new TaskCompletionSource<int>();
        using var guest = new TestModule(_engine, Waiter, fibers: true, link: linker =>
        {
            linker.DefineFunction("host", "wait", new FunctionType([ValueKind.I32], [ValueKind.I32]), (ref HostCall call) =>
                call.Await(new ValueTask<int>(gate.Task), (ref HostCall call, int result) => call.Return(result)), suspends: true);
            linker.DefineFunction("host", "now", new FunctionType([ValueKind.I32], [ValueKind.I32]), (ref HostCall call) =>
            {
                var f = call.Store.CreateFunction(new FunctionType([ValueKind.I32], [ValueKind.I32]), (ref HostCall inner) =>
                    inner.Await(new ValueTask<int>(Task.Delay(5).ContinueWith(_ => 6)), (ref HostCall inner, int result) => inner.Return(result + inner.I32(0))), suspends: true);
                var instance = ModuleInstance.Instantiate(call.Store, inner, [f], out var end);
                Assert.Null(end);
                var values = new RawValue[1];
                Assert.Null(instance!.FindFunction("g")!.Call(values));
                call.Return(values[0].I32);
            });
        });
        RawValue[] values = [3];
        var call = guest.CallAsync("run", values);
        gate.SetResult(100);
        Assert.Null(await call);
        Assert.Equal(110, values[0].I32);
    }

    [Fact]
    public async Task Endless_recursion_on_a_fiber_is_a_trap()
    {
        using var guest = new TestModule(_engine, """(module (func $f (export "run") (call $f)))""");
        var end = await guest.CallAsync("run");
        Assert.Contains("stack", end!.Trap!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guest_that_spins_on_a_fiber_is_stopped()
    {
        using var guest = Load(new ValueTask<int>(1));
        var call = Task.Run(() => guest.CallAsync("spin").AsTask());
        await Task.Delay(100);
        guest.Store.Stop("enough");
        var end = await call;
        Assert.Equal("enough", end!.Trap!.Message);
        Assert.True(end.Trap.Interrupted);
    }

    [Fact]
    public async Task A_guest_that_waits_on_a_fiber_is_stopped_at_once()
    {
        using var guest = Load(new ValueTask<int>(new TaskCompletionSource<int>().Task));
        var call = guest.CallAsync("run", [1]);
        guest.Store.Stop("enough");
        var end = await call;
        Assert.Equal("enough", end!.Trap!.Message);
        Assert.Equal(end, await guest.CallAsync("run", [1]));
    }

    [Fact]
    public async Task A_thousand_guests_wait_at_once_while_the_collector_runs()
    {
        const int Guests = 1000;
        var gates = Enumerable.Range(0, Guests).Select(_ => new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();
        using var module = TestModule.Load(_engine, Waiter);
        using var linker = new ModuleLinker(_engine, fibers: true);
        linker.DefineFunction("host", "now", new FunctionType([ValueKind.I32], [ValueKind.I32]), (ref HostCall call) =>
        {
            if (call.State is int and var number && number % 50 == 0)
            {
                GC.Collect();
            }

            call.Return(0);
        });
        linker.DefineFunction("host", "wait", new FunctionType([ValueKind.I32], [ValueKind.I32]), (ref HostCall call) =>
            call.Await(new ValueTask<int>(gates[(int)call.State!].Task), static (ref HostCall call, int result) =>
            {
                var garbage = new byte[1000];
                if (result % 50 == 0)
                {
                    GC.Collect();
                }

                call.Return(result + garbage[3] + call.I32(0));
            }), suspends: true);
        using var linked = linker.Link(module);

        var calls = Enumerable.Range(0, Guests).Select(number => Task.Run(async () =>
        {
            using var store = new WasmStore(_engine, state: number);
            var made = await linked.InstantiateAsync(store);
            RawValue[] values = [number];
            Assert.Null(await made.Instance!.FindFunction("run")!.CallAsync(values));
            return values[0].I32;
        })).ToArray();
        var opener = Task.Run(async () =>
        {
            for (var i = 0; i < Guests; i++)
            {
                gates[(i * 7) % Guests].SetResult((i * 7) % Guests);
                if (i % 100 == 0)
                {
                    GC.Collect(0);
                    await Task.Delay(5);
                }
            }
        });
        var results = await Task.WhenAll(calls).WaitAsync(TimeSpan.FromSeconds(60));
        await opener;
        Assert.Equal(Enumerable.Range(0, Guests).Select(number => 2 * number), results);
    }

    private TestModule Load(ValueTask<int> task) => new(_engine, Waiter, fibers: true, link: linker =>
    {
        linker.DefineFunction("host", "wait", new FunctionType([ValueKind.I32], [ValueKind.I32]), (ref HostCall call) =>
            call.Await(task, static (ref HostCall call, int result) => call.Return(result + call.I32(0))), suspends: true);
        linker.DefineFunction("host", "now", new FunctionType([ValueKind.I32], [ValueKind.I32]), (ref HostCall call) => call.Return(call.I32(0)));
    });

    private sealed class StrongReference
    {
        public object? Target { get; set; }
    }
}
