namespace Skiff.Engine.Tests;

/// <summary>What host functions may do, and what becomes of what they throw, on a thread and on a fiber.</summary>
public sealed class HostFunctionTests : IDisposable
{
    private const string Text = """
        (module $m
          (import "host" "f" (func $f (param i32) (result i32)))
          (memory (export "memory") 1)
          (func $inner (export "inner") (param i32) (result i32) (call $f (local.get 0)))
          (func (export "run") (param i32) (result i32) (call $inner (local.get 0)))
          (func (export "trap") unreachable)
          (func (export "spin") (loop (br 0))))
        """;

    private static readonly FunctionType Type = new([ValueKind.I32], [ValueKind.I32]);

    private readonly WasmEngine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_trap_thrown_by_a_host_function_has_its_message_and_the_guests_backtrace(bool fiber)
    {
        using var guest = Load(fiber, (ref HostCall _) => throw new GuestTrapException("not that way"));
        var end = await EnterAsync(guest, fiber, "run");
        Assert.Equal("not that way", end!.Trap!.Message);
        Assert.Equal(["inner", null], end.Trap.Backtrace.Select(frame => frame.Function));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_exit_thrown_by_a_host_function_is_no_trap(bool fiber)
    {
        using var guest = Load(fiber, (ref HostCall _) => throw new GuestExitException(300));
        Assert.Equal(new CallEnd(300, null), await EnterAsync(guest, fiber, "run"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Any_other_exception_is_a_trap_that_names_it(bool fiber)
    {
        using var guest = Load(fiber, (ref HostCall _) => throw new InvalidOperationException("broken"));
        Assert.Equal("host function failed: InvalidOperationException: broken", (await EnterAsync(guest, fiber, "run"))!.Trap!.Message);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task A_fault_of_what_is_waited_for_or_of_the_completion_is_a_fault_of_the_host_function(bool fiber, bool inTask)
    {
        using var guest = Load(fiber, (ref HostCall call) => call.Await(
            new ValueTask<int>(Task.Delay(20).ContinueWith(_ => inTask ? throw new GuestTrapException("in it") : 1)),
            static (ref HostCall _, int _) => throw new GuestTrapException("in it")));
        var end = await EnterAsync(guest, fiber, "run");
        Assert.Contains("in it", end!.Trap!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_first_cause_wins_over_what_is_made_of_it(bool fiber)
    {
        using var guest = Load(fiber, static (ref HostCall call) =>
        {
            if (call.I32(0) == 0)
            {
                throw new GuestTrapException("the cause");
            }

            RawValue[] values = [0];
            var end = ((Holder)call.State!).Instance!.FindFunction("run")!.Call(values);
            Assert.Equal("the cause", end!.Trap!.Message);
            throw new InvalidOperationException("what was made of it");
        });
        var end = await EnterAsync(guest, fiber, "run", 1);
        Assert.Equal("the cause", end!.Trap!.Message);
        Assert.Equal(["inner", null], end.Trap.Backtrace.Take(2).Select(frame => frame.Function));
        Assert.InRange(end.Trap.Backtrace.Count, 2, 4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_is_dead_after_its_first_trap(bool fiber)
    {
        using var guest = Load(fiber, (ref HostCall call) => call.Return(1));
        var end = await EnterAsync(guest, fiber, "trap");
        Assert.Contains("unreachable", end!.Trap!.Message, StringComparison.Ordinal);
        Assert.Same(end, await EnterAsync(guest, fiber, "run"));
        Assert.Same(end, guest.Store.End);
        Assert.Null(guest.Linked.Instantiate(guest.Store, out var again));
        Assert.Same(end, again);
    }

    [Fact]
    public async Task Without_a_fiber_a_host_function_holds_the_thread()
    {
        using var guest = Load(fiber: false, (ref HostCall call) => call.Await(
            new ValueTask<int>(Task.Delay(20).ContinueWith(_ => 5)), static (ref HostCall call, int result) => call.Return(result)));
        RawValue[] values = [0];
        Assert.Null(guest.Instance.FindFunction("run")!.Call(values));
        Assert.Equal(5, values[0].I32);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task With_a_managed_frame_beneath_a_host_function_holds_the_thread_of_the_fiber()
    {
        var threads = new List<int>();
        using var guest = Load(fiber: true, (ref HostCall call) =>
        {
            if (call.I32(0) == 0)
            {
                threads.Add(Environment.CurrentManagedThreadId);
                call.Await(
                    new ValueTask<int>(Task.Delay(20).ContinueWith(_ => 5)),
                    (ref HostCall call, int result) =>
                    {
                        GC.Collect();
                        threads.Add(Environment.CurrentManagedThreadId);
                        call.Return(result);
                    });
                return;
            }

            RawValue[] values = [0];
            Assert.Null(((Holder)call.State!).Instance!.FindFunction("run")!.Call(values));
            call.Return(values[0].I32 + 1);
        });
        RawValue[] values = [1];
        Assert.Null(await guest.CallAsync("run", values));
        Assert.Equal(6, values[0].I32);
        Assert.Equal(threads[0], threads[1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_guest_that_waits_is_stopped_at_once_also_within_nested_calls(bool nested)
    {
        using var guest = Load(fiber: nested, static (ref HostCall call) =>
        {
            if (call.I32(0) == 0)
            {
                call.Await(new ValueTask<int>(new TaskCompletionSource<int>().Task), static (ref HostCall call, int result) => call.Return(result));
                return;
            }

            RawValue[] values = [0];
            throw new GuestTrapException(((Holder)call.State!).Instance!.FindFunction("run")!.Call(values)!.Trap!.Message);
        });
        var call = Task.Run(() => EnterAsync(guest, nested, "run", nested ? 1 : 0));
        await Task.Delay(100);
        guest.Store.Stop("enough");
        var end = await call;
        Assert.Equal("enough", end!.Trap!.Message);
        Assert.True(end.Trap.Interrupted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_nested_call_that_spins_is_stopped(bool fiber)
    {
        using var guest = Load(fiber, static (ref HostCall call) =>
        {
            var end = ((Holder)call.State!).Instance!.FindFunction("spin")!.Call([]);
            throw new GuestTrapException(end!.Trap!.Message);
        });
        var call = Task.Run(() => EnterAsync(guest, fiber, "run"));
        await Task.Delay(100);
        guest.Store.Stop("enough");
        Assert.Equal("enough", (await call)!.Trap!.Message);
    }

    [Fact]
    public void What_observes_the_token_of_a_stopped_store_ends_as_the_stop()
    {
        using var guest = Load(fiber: false, (ref HostCall call) => call.Await(
            new ValueTask<int>(Task.Delay(Timeout.Infinite, call.Store.Stopped).ContinueWith(t => { t.GetAwaiter().GetResult(); return 1; })),
            static (ref HostCall call, int result) => call.Return(result)));
        using var timer = new Timer(_ => guest.Store.Stop("enough"), null, 50, Timeout.Infinite);
        Assert.Equal("enough", guest.Call("run", 0)!.Trap!.Message);
    }

    [Theory]
    [InlineData(0u, 65537u)]
    [InlineData(65536u, 1u)]
    [InlineData(uint.MaxValue, 1u)]
    [InlineData(1u, uint.MaxValue)]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    public void A_part_of_memory_that_is_not_there_is_a_trap(uint address, uint length)
    {
        using var guest = Load(fiber: false, (ref HostCall call) => call.Return(call.Memory().Slice(address, length).Length));
        Assert.Contains("out of bounds", guest.Call("run", 0)!.Trap!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0u, 65536u)]
    [InlineData(65536u, 0u)]
    public void All_of_memory_can_be_seen_to_its_end(uint address, uint length)
    {
        using var guest = Load(fiber: false, (ref HostCall call) => call.Return(call.Memory().Slice(address, length).Length));
        Assert.Null(guest.Call("run", [0], out var seen));
        Assert.Equal(length, seen.U32);
    }

    [Fact]
    public void Memory_beyond_two_gigabytes_can_be_seen()
    {
        using var guest = new TestModule(_engine, """(module (memory (export "memory") 40000) (func (export "put") (i32.store8 (i32.const -2000000000) (i32.const 7))))""");
        Assert.Null(guest.Call("put"));
        var memory = guest.Instance.FindMemory("memory")!.Value;
        Assert.Equal(40000UL << 16, memory.Length);
        Assert.Equal(7, memory.Slice(unchecked((uint)-2000000000), 1)[0]);
        Assert.Throws<GuestTrapException>(() => memory.Slice(0, 40000u << 16).Length);
    }

    [Fact]
    public void A_module_without_memory_is_told_so()
    {
        using var guest = new TestModule(
            _engine,
            """(module (import "host" "f" (func $f)) (func (export "run") (call $f)))""",
            link: linker => linker.DefineFunction("host", "f", FunctionType.Empty, (ref HostCall call) => call.Memory()));
        Assert.Contains("no memory", guest.Call("run")!.Trap!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_instances_of_one_linker_each_have_their_own_memory()
    {
        using var guest = Load(fiber: false, static (ref HostCall call) => call.Return((int)(call.Memory().Length >> 16)));
        using var large = TestModule.Load(_engine, Text.Replace("\"memory\") 1", "\"memory\") 3", StringComparison.Ordinal));
        Assert.Null(guest.Call("run", [0], out var one));
        using var linked = guest.Link(large);
        var other = linked.Instantiate(guest.Store, out _)!;
        RawValue[] three = [0];
        Assert.Null(other.FindFunction("run")!.Call(three));
        Assert.Null(guest.Call("run", [0], out var again));
        Assert.Equal((1, 3, 1), (one.I32, three[0].I32, again.I32));
    }

    [Fact]
    public void Too_few_slots_are_refused_before_the_engine_sees_them()
    {
        using var guest = Load(fiber: false, static (ref HostCall call) => call.Return(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => guest.Instance.FindFunction("run")!.Call([]));
    }

    [Fact]
    public void Values_keep_their_bits()
    {
        var value = new RawValue { I64 = -1 };
        value.I32 = -2;
        Assert.Equal((0xFFFF_FFFEUL, -2, 0xFFFF_FFFEu), (value.U64, value.I32, value.U32));
        value.F32 = 1.5f;
        Assert.Equal((1.5f, BitConverter.SingleToUInt32Bits(1.5f)), (value.F32, (uint)value.U64));
        value.F64 = -0.5;
        Assert.Equal(-0.5, value.F64);
    }

    private static async Task<CallEnd?> EnterAsync(TestModule guest, bool fiber, string export, int argument = 0) =>
        fiber ? await guest.CallAsync(export, [argument]) : guest.Call(export, argument);

    private TestModule Load(bool fiber, HostFunction function)
    {
        var holder = new Holder();
        var guest = new TestModule(
            _engine, Text, state: holder, fibers: fiber, link: linker => linker.DefineFunction("host", "f", Type, function, suspends: true));
        holder.Instance = guest.Instance;
        return guest;
    }

    private sealed class Holder
    {
        public ModuleInstance? Instance { get; set; }
    }
}
