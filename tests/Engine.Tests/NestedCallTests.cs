namespace Skiff.Engine.Tests;

/// <summary>Guests that host functions call into, and that wait there: every fiber beneath is suspended with them.</summary>
public sealed class NestedCallTests : IDisposable
{
    // run(n): n host functions deep, then wait.
    private const string Guest = """
        (module
          (import "host" "wait" (func $wait (param i32) (result i32)))
          (import "host" "through" (func $through (param i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "realloc") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
          (func (export "run") (param i32) (result i32)
            (if (result i32) (local.get 0)
              (then (i32.add (i32.const 1) (call $through (i32.sub (local.get 0) (i32.const 1)))))
              (else (call $wait (i32.const 7)))))
          (func (export "spin") (param i32) (result i32) (loop (br 0)) (i32.const 0))
          (func (export "trap") (param i32) (result i32) (drop (call $wait (i32.const 7))) unreachable)
          (func (export "twice") (param i32) (result i32)
            (i32.add (call $through (local.get 0)) (call $through (local.get 0)))))
        """;

    private static readonly FunctionType I32ToI32 = new([ValueKind.I32], [ValueKind.I32]);

    private readonly WasmEngine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task A_guest_function_that_a_host_function_calls_may_wait(int depth)
    {
        var gate = new TaskCompletionSource<int>();
        using var guest = Load(() => new ValueTask<int>(gate.Task));
        RawValue[] values = [depth];
        var call = guest.CallAsync("run", values);
        Assert.False(call.IsCompleted);
        GC.Collect();
        gate.SetResult(100);
        Assert.Null(await call);
        // Each host function on the way calls the guest once more: see Load.
        Assert.Equal(107 + depth + (depth * 30), values[0].I32);
    }

    [Fact]
    public async Task Each_wait_of_a_nested_call_is_one_of_its_own()
    {
        var gates = Enumerable.Range(0, 2).Select(_ => new TaskCompletionSource<int>()).ToArray();
        var next = 0;
        using var guest = Load(() => new ValueTask<int>(gates[next++].Task));
        RawValue[] values = [1];
        var call = guest.CallAsync("twice", values);
        gates[0].SetResult(1000);
        Assert.False(call.IsCompleted);
        gates[1].SetResult(2000);
        Assert.Null(await call);
        Assert.Equal(3000 + (2 * (7 + 1 + 60)), values[0].I32);
    }

    [Fact]
    public async Task A_task_that_is_done_suspends_no_nested_call()
    {
        // A tick may come between; not ten times.
        var atOnce = false;
        for (var i = 0; i < 10 && !atOnce; i++)
        {
            using var guest = Load(() => new ValueTask<int>(1));
            RawValue[] values = [3];
            var call = guest.CallAsync("run", values);
            atOnce = call.IsCompleted;
            Assert.Null(await call);
            Assert.Equal(8 + 3 + 90, values[0].I32);
        }

        Assert.True(atOnce);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_guest_that_waits_in_a_nested_call_is_stopped_at_once(int depth)
    {
        using var guest = Load(() => new ValueTask<int>(new TaskCompletionSource<int>().Task));
        var call = guest.CallAsync("run", [depth]);
        Assert.False(call.IsCompleted);
        guest.Store.Stop("enough");
        var end = await call;
        Assert.Equal("enough", end!.Trap!.Message);
        Assert.Equal(end, await guest.CallAsync("run", [depth]));
    }

    [Fact]
    public async Task A_guest_that_spins_in_a_nested_call_yields_and_is_stopped()
    {
        using var guest = Load(() => new ValueTask<int>(1), inner: "spin");
        var pauses = 0;
        guest.Store.Paused = _ => Interlocked.Increment(ref pauses);
        var call = Task.Run(() => guest.CallAsync("run", [1]).AsTask());
        while (Volatile.Read(ref pauses) < 2)
        {
            await Task.Delay(10);
        }

        guest.Store.Stop("enough");
        var end = await call;
        Assert.Equal("enough", end!.Trap!.Message);
    }

    [Fact]
    public async Task A_nested_call_that_traps_after_a_wait_ends_the_guest()
    {
        var gate = new TaskCompletionSource<int>();
        using var guest = Load(() => new ValueTask<int>(gate.Task), inner: "trap");
        var call = guest.CallAsync("run", [1]);
        gate.SetResult(1);
        var end = await call;
        Assert.Contains("unreachable", end!.Trap!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_of_the_task_is_the_guests_end_through_all_calls()
    {
        var gate = new TaskCompletionSource<int>();
        using var guest = Load(() => new ValueTask<int>(gate.Task));
        var call = guest.CallAsync("run", [3]);
        gate.SetException(new GuestExitException(9));
        Assert.Equal(9, (await call)!.ExitStatus);
    }

    [Fact]
    public async Task Hundreds_of_nested_calls_wait_at_once_on_few_threads_while_the_collector_runs()
    {
        const int Guests = 400;
        var gates = Enumerable.Range(0, Guests).Select(_ => new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();
        using var module = TestModule.Load(_engine, Guest);
        using var linker = new ModuleLinker(_engine, fibers: true);
        Define(linker, call => new ValueTask<int>(gates[((Held)call.State!).Number].Task), "run");
        using var linked = linker.Link(module);
        var threads = ThreadPool.ThreadCount;
        var calls = Enumerable.Range(0, Guests).Select(number => Task.Run(async () =>
        {
            var held = new Held { Number = number };
            using var store = new WasmStore(_engine, state: held);
            held.Instance = (await linked.InstantiateAsync(store)).Instance;
            RawValue[] values = [1 + (number % 3)];
            Assert.Null(await held.Instance!.FindFunction("run")!.CallAsync(values));
            return values[0].I32;
        })).ToArray();
        var opener = Task.Run(async () =>
        {
            await Task.Delay(300);
            threads = Math.Max(threads, ThreadPool.ThreadCount);
            for (var i = 0; i < Guests; i++)
            {
                gates[(i * 7) % Guests].SetResult((i * 7) % Guests);
                if (i % 50 == 0)
                {
                    GC.Collect();
                    await Task.Delay(5);
                }
            }
        });
        var results = await Task.WhenAll(calls).WaitAsync(TimeSpan.FromSeconds(60));
        await opener;
        Assert.Equal(Enumerable.Range(0, Guests).Select(number => number + 7 + (31 * (1 + (number % 3)))), results);
        Assert.True(threads < Guests / 4, $"{threads} threads");
    }

    private TestModule Load(Func<ValueTask<int>> wait, string inner = "run")
    {
        var held = new Held();
        var guest = new TestModule(_engine, Guest, fibers: true, link: linker => Define(linker, _ => wait(), inner), state: held);
        held.Instance = guest.Instance;
        return guest;
    }

    // "through" calls the guest, and then its realloc from the completion, as a lowering would.
    private static void Define(ModuleLinker linker, Func<HostCallState, ValueTask<int>> wait, string inner)
    {
        linker.DefineFunction("host", "wait", I32ToI32, (ref HostCall call) =>
            call.Await(wait(new HostCallState(call.State)), static (ref HostCall call, int result) => call.Return(result + call.I32(0))), suspends: true);
        linker.DefineFunction("host", "through", I32ToI32, (ref HostCall call) =>
        {
            RawValue[] values = [call.I32(0)];
            call.Call(((Held)call.State!).Instance!.FindFunction(inner)!, values, 10, static (ref HostCall call, scoped Span<RawValue> results, int state) =>
            {
                RawValue[] again = [state];
                Assert.Null(((Held)call.State!).Instance!.FindFunction("realloc")!.Call(again));
                call.Return(results[0].I32 + again[0].I32);
            });
        }, suspends: true);
    }

    private sealed record HostCallState(object? State);

    private sealed class Held
    {
        public int Number { get; init; }

        public ModuleInstance? Instance { get; set; }
    }
}
