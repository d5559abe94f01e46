using System.Text;
using Skiff.Components.Abi;
using Skiff.Components.Host;

namespace Skiff.Components.Tests.Running;

/// <summary>Guests that use a host interface by a binding like the generated ones.</summary>
public sealed class HostInterfaceTests
{
    // Opens a stream by name, asks, writes twice, reads 5 bytes into memory, drops all; returns how often it wrote, or 1000 + the case of
    // a failure. The result areas lie at 16; the fault's handle is dropped as well.
    private const string Main = """
        (core module $main
          (import "" "memory" (memory 1))
          (import "s" "open" (func $open (param i32 i32) (result i32)))
          (import "s" "check" (func $check (param i32 i32)))
          (import "s" "count" (func $count (param i32) (result i32)))
          (import "s" "write" (func $write (param i32 i32 i32 i32)))
          (import "s" "read" (func $read (param i32 i64 i32)))
          (import "s" "drop" (func $drop (param i32)))
          (import "s" "drop-fault" (func $drop-fault (param i32)))
          (func (export "run") (param i32 i32) (result i32)
            (local $h i32) (local $n i32)
            (local.set $h (call $open (local.get 0) (local.get 1)))
            (call $check (local.get $h) (i32.const 16))
            (if (i32.load8_u (i32.const 16)) (then
              (call $drop (local.get $h))
              (return (i32.add (i32.const 1000) (i32.load8_u (i32.const 24))))))
            (if (i64.ne (i64.load (i32.const 24)) (i64.const 0x10000000000)) (then unreachable))
            (call $write (local.get $h) (local.get 0) (local.get 1) (i32.const 16))
            (if (i32.load8_u (i32.const 16)) (then
              (call $drop-fault (i32.load (i32.const 24)))
              (call $drop (local.get $h))
              (return (i32.add (i32.const 1000) (i32.load8_u (i32.const 20))))))
            (call $write (local.get $h) (local.get 0) (local.get 1) (i32.const 16))
            (call $read (local.get $h) (i64.const 5) (i32.const 16))
            (if (i32.load8_u (i32.const 16)) (then unreachable))
            (if (i32.ne (i32.load (i32.const 24)) (i32.const 5)) (then unreachable))
            (if (i32.ne (i32.load8_u (i32.add (i32.load (i32.const 20)) (i32.const 4))) (i32.const 4)) (then unreachable))
            (local.set $n (call $count (local.get $h)))
            (call $drop (local.get $h))
            (local.get $n)))
        """;

    private const string Plain = $"""
        (component
          {Parts.StreamsImport}
          {Parts.Libc}
          (core instance $libc (instantiate $libc))
          (alias core export $libc "memory" (core memory $mem))
          (alias core export $libc "realloc" (core func $realloc))
          (core func $open (canon lower (func $s "open") (memory $mem)))
          (core func $check (canon lower (func $s "[method]stream.check-write") (memory $mem)))
          (core func $count (canon lower (func $s "[method]stream.count")))
          (core func $write (canon lower (func $s "[method]stream.write") (memory $mem)))
          (core func $read (canon lower (func $s "[method]stream.read") (memory $mem) (realloc $realloc)))
          (core func $drop (canon resource.drop $stream))
          (core func $drop-fault (canon resource.drop $fault))
          {Main}
          (core instance $i (instantiate $main (with "" (instance $libc)) (with "s" (instance
            (export "open" (func $open)) (export "check" (func $check)) (export "count" (func $count)) (export "write" (func $write))
            (export "read" (func $read)) (export "drop" (func $drop)) (export "drop-fault" (func $drop-fault))))))
          (func (export "run") (param "name" string) (result u32) (canon lift (core func $i "run") (memory $mem) (realloc $realloc))))
        """;

    // What wit-component emits: main gets its imports through a shim's table, which a fixup module fills once main's memory is there.
    private static readonly string Shimmed = $"""
        (component
          {Parts.StreamsImport}
          (core module $shim
            (table (export "$imports") 4 4 funcref)
            (func (export "0") (param i32 i32) (result i32) local.get 0 local.get 1 i32.const 0 call_indirect (param i32 i32) (result i32))
            (func (export "1") (param i32 i32) local.get 0 local.get 1 i32.const 1 call_indirect (param i32 i32))
            (func (export "2") (param i32 i32 i32 i32) local.get 0 local.get 1 local.get 2 local.get 3 i32.const 2 call_indirect (param i32 i32 i32 i32))
            (func (export "3") (param i32 i64 i32) local.get 0 local.get 1 local.get 2 i32.const 3 call_indirect (param i32 i64 i32)))
          (core module $fixup
            (import "" "0" (func (param i32 i32) (result i32)))
            (import "" "1" (func (param i32 i32)))
            (import "" "2" (func (param i32 i32 i32 i32)))
            (import "" "3" (func (param i32 i64 i32)))
            (import "" "$imports" (table 4 4 funcref))
            (elem (i32.const 0) func 0 1 2 3))
          {Main.Replace("(import \"\" \"memory\" (memory 1))", "", StringComparison.Ordinal).Replace(
              "(func (export \"run\")", Parts.Libc[(Parts.Libc.IndexOf('\n') + 1)..Parts.Libc.LastIndexOf(')')] + "\n(func (export \"run\")", StringComparison.Ordinal)}
          (core instance $shim (instantiate $shim))
          (alias core export $shim "0" (core func $shim0))
          (alias core export $shim "1" (core func $shim1))
          (alias core export $shim "2" (core func $shim2))
          (alias core export $shim "3" (core func $shim3))
          (core func $count (canon lower (func $s "[method]stream.count")))
          (core func $drop (canon resource.drop $stream))
          (core func $drop-fault (canon resource.drop $fault))
          (core instance $i (instantiate $main (with "s" (instance
            (export "open" (func $shim0)) (export "check" (func $shim1)) (export "count" (func $count)) (export "write" (func $shim2))
            (export "read" (func $shim3)) (export "drop" (func $drop)) (export "drop-fault" (func $drop-fault))))))
          (alias core export $i "memory" (core memory $mem))
          (alias core export $i "realloc" (core func $realloc))
          (alias core export $shim "$imports" (core table $table))
          (core func $open (canon lower (func $s "open") (memory $mem)))
          (core func $check (canon lower (func $s "[method]stream.check-write") (memory $mem)))
          (core func $write (canon lower (func $s "[method]stream.write") (memory $mem)))
          (core func $read (canon lower (func $s "[method]stream.read") (memory $mem) (realloc $realloc)))
          (core instance (instantiate $fixup (with "" (instance (export "$imports" (table $table))
            (export "0" (func $open)) (export "1" (func $check)) (export "2" (func $write)) (export "3" (func $read))))))
          (func (export "run") (param "name" string) (result u32) (canon lift (core func $i "run") (memory $mem) (realloc $realloc))))
        """;

    // As wit-component adapts WASI Preview 1: main calls the adapter through the shim, the adapter calls the host with main's memory.
    private const string Adapted = $"""
        (component
          {Parts.StreamsImport}
          (core module $shim
            (table (export "$imports") 3 3 funcref)
            (func (export "0") (param i32 i32) (result i32) local.get 0 local.get 1 i32.const 0 call_indirect (param i32 i32) (result i32))
            (func (export "1") (param i32 i64 i32) local.get 0 local.get 1 local.get 2 i32.const 1 call_indirect (param i32 i64 i32))
            (func (export "2") (param i32) (result i32) local.get 0 i32.const 2 call_indirect (param i32) (result i32)))
          (core module $fixup
            (import "" "0" (func (param i32 i32) (result i32)))
            (import "" "1" (func (param i32 i64 i32)))
            (import "" "2" (func (param i32) (result i32)))
            (import "" "$imports" (table 3 3 funcref))
            (elem (i32.const 0) func 0 1 2))
          (core module $adapter
            (import "env" "memory" (memory 0))
            (import "s" "read" (func $read (param i32 i64 i32)))
            (import "s" "count" (func $count (param i32) (result i32)))
            (func (export "fd_read") (param i32) (result i32)
              (call $read (local.get 0) (i64.const 7) (i32.const 16))
              (i32.add (call $count (local.get 0)) (i32.load (i32.const 24)))))
          (core module $main
            (import "s" "open" (func $open (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
            (func (export "run") (param i32 i32) (result i32) (call $fd_read (call $open (local.get 0) (local.get 1))))
            (func (export "idle") (result i32) (i32.const 1)))
          (core instance $shim (instantiate $shim))
          (alias core export $shim "0" (core func $shim0))
          (alias core export $shim "1" (core func $shim1))
          (alias core export $shim "2" (core func $shim2))
          (core func $count (canon lower (func $s "[method]stream.count")))
          (core instance $i (instantiate $main
            (with "s" (instance (export "open" (func $shim0))))
            (with "wasi_snapshot_preview1" (instance (export "fd_read" (func $shim2))))))
          (alias core export $i "memory" (core memory $mem))
          (alias core export $i "realloc" (core func $realloc))
          (alias core export $shim "$imports" (core table $table))
          (core instance $a (instantiate $adapter
            (with "env" (instance $i))
            (with "s" (instance (export "read" (func $shim1)) (export "count" (func $count))))))
          (core func $open (canon lower (func $s "open") (memory $mem)))
          (core func $read (canon lower (func $s "[method]stream.read") (memory $mem) (realloc $realloc)))
          (core instance (instantiate $fixup (with "" (instance (export "$imports" (table $table))
            (export "0" (func $open)) (export "1" (func $read)) (export "2" (func $a "fd_read"))))))
          (func (export "run") (param "name" string) (result u32) (canon lift (core func $i "run") (memory $mem) (realloc $realloc)))
          (func (export "idle") (result u32) (canon lift (core func $i "idle"))))
        """;

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task An_adapter_is_made_when_it_is_called_and_may_wait(bool elide, bool fibers)
    {
        var streams = new FakeStreams();
        var host = new HostInterfaces().Add(StreamsInterface.Definition, static state => state);
        using var guest = new RunningGuest(Adapted, host, streams, elide, fibers);
        Assert.Equal(elide, guest.Linked.Plan.IsElided);
        Assert.Equal(elide, guest.Linked.Plan.CoreInstances.Any(instance => instance.IsLazy));
        Assert.Equal(ComponentValue.U32(1), guest.Call("idle"));
        Assert.Equal(ComponentValue.U32(7), guest.Call("run", ComponentValue.String("a")));
        var call = Task.Run(() => guest.Call("run", ComponentValue.String("slow")));
        while (streams.Opened.Count < 2)
        {
            await Task.Delay(1);
        }

        await Task.Delay(20);
        Assert.False(call.IsCompleted);
        streams.Opened[1].Gate!.SetResult();
        Assert.Equal(ComponentValue.U32(7), await call);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_guest_that_another_guest_called_may_wait(bool fibers)
    {
        var streams = new FakeStreams();
        using var guest = new RunningGuest(
            $"""
            (component
              {Parts.StreamsImport}
              (component $B
                {Parts.StreamsImport}
                {Parts.Libc}
                (core instance $libc (instantiate $libc))
                (alias core export $libc "memory" (core memory $mem))
                (alias core export $libc "realloc" (core func $realloc))
                (core func $open (canon lower (func $s "open") (memory $mem)))
                (core func $read (canon lower (func $s "[method]stream.read") (memory $mem) (realloc $realloc)))
                (core module $m
                  (import "" "memory" (memory 1))
                  (import "s" "open" (func $open (param i32 i32) (result i32)))
                  (import "s" "read" (func $read (param i32 i64 i32)))
                  (func (export "f") (param i32 i32) (result i32)
                    (call $read (call $open (local.get 0) (local.get 1)) (i64.const 9) (i32.const 16))
                    (i32.load (i32.const 24))))
                (core instance $i (instantiate $m (with "" (instance $libc)) (with "s" (instance (export "open" (func $open)) (export "read" (func $read))))))
                (func (export "f") (param "name" string) (result u32) (canon lift (core func $i "f") (memory $mem) (realloc $realloc))))
              (component $A
                (import "f" (func $f (param "name" string) (result u32)))
                {Parts.Libc}
                (core instance $libc (instantiate $libc))
                (alias core export $libc "memory" (core memory $mem))
                (alias core export $libc "realloc" (core func $realloc))
                (core func $f (canon lower (func $f) (memory $mem)))
                (func (export "run") (param "name" string) (result u32) (canon lift (core func $f) (memory $mem) (realloc $realloc))))
              (instance $b (instantiate $B (with "test:io/streams@0.2.0" (instance $s))))
              (instance $a (instantiate $A (with "f" (func $b "f"))))
              (export "run" (func $a "run")))
            """,
            new HostInterfaces().Add(StreamsInterface.Definition, static state => state),
            streams,
            fibers: fibers);
        Assert.Equal(ComponentValue.U32(9), guest.Call("run", ComponentValue.String("a")));
        var call = Task.Run(() => guest.Call("run", ComponentValue.String("slow")));
        while (streams.Opened.Count < 2)
        {
            await Task.Delay(1);
        }

        streams.Opened[1].Gate!.SetResult();
        Assert.Equal(ComponentValue.U32(9), await call);
    }

    public static TheoryData<bool, bool, bool> Ways => new(
        from shimmed in new[] { false, true }
        from elide in new[] { false, true }
        from fibers in new[] { false, true }
        select new TheoryDataRow<bool, bool, bool>(shimmed, elide, fibers));

    [Theory]
    [MemberData(nameof(Ways))]
    public void Resources_bytes_and_waits_work_in_every_way_of_running(bool shimmed, bool elide, bool fibers)
    {
        var streams = new FakeStreams();
        using (var guest = Run(shimmed, elide, fibers, streams))
        {
            Assert.Equal(ComponentValue.U32(2), guest.Call("run", ComponentValue.String("näme")));
        }

        var stream = Assert.Single(streams.Opened);
        Assert.Equal("nämenäme", Encoding.UTF8.GetString([.. stream.Written]));
        Assert.Equal(1, stream.Disposals);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_wait_that_takes_its_time_goes_on_where_it_was(bool shimmed, bool elide, bool fibers)
    {
        var streams = new FakeStreams();
        using var guest = Run(shimmed, elide, fibers, streams);
        var call = Task.Run(() => guest.Call("run", ComponentValue.String("slow")));
        while (streams.Opened is not [{ Written.Count: 8 }])
        {
            await Task.Delay(1);
        }

        await Task.Delay(20);
        Assert.False(call.IsCompleted);
        streams.Opened[0].Gate!.SetResult();
        Assert.Equal(ComponentValue.U32(2), await call);
    }

    [Theory]
    [InlineData("näme")]
    [InlineData("closed")]
    [InlineData("broken")]
    public void The_interpreter_and_a_binding_give_the_guest_the_same(string name)
    {
        var (bound, interpreted) = (new FakeStreams(), new FakeStreams());
        using var one = Run(true, true, false, bound);
        using var two = new RunningGuest(Shimmed, new HostInterfaces().Add(Interpreted(interpreted)));
        Assert.Equal(one.Call("run", ComponentValue.String(name)), two.Call("run", ComponentValue.String(name)));
        Assert.Equal(bound.Opened[0].Written, interpreted.Opened[0].Written);
        Assert.Equal(1, bound.Opened[0].Disposals);
        Assert.Equal(1, interpreted.Opened[0].Disposals);
        Assert.Equal(bound.Opened[0].Fault?.IsDisposed, interpreted.Opened[0].Fault?.IsDisposed);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("text")]
    [InlineData("write")]
    [InlineData("count")]
    public void A_call_of_the_host_allocates_nothing(string function)
    {
        var streams = new FakeStreams();
        using var guest = new RunningGuest(
            $"""
            (component
              {Parts.StreamsImport}
              {Parts.Libc}
              (core instance $libc (instantiate $libc))
              (alias core export $libc "memory" (core memory $mem))
              (core func $nothing (canon lower (func $s "nothing")))
              (core func $text (canon lower (func $s "text") (memory $mem)))
              (core func $open (canon lower (func $s "open") (memory $mem)))
              (core func $write (canon lower (func $s "[method]stream.write") (memory $mem)))
              (core func $count (canon lower (func $s "[method]stream.count")))
              (core module $main
                (import "s" "nothing" (func $nothing))
                (import "s" "text" (func $text (param i32 i32) (result i32)))
                (import "s" "open" (func $open (param i32 i32) (result i32)))
                (import "s" "write" (func $write (param i32 i32 i32 i32)))
                (import "s" "count" (func $count (param i32) (result i32)))
                (global $h (mut i32) (i32.const 0))
                (func (export "open") (global.set $h (call $open (i32.const 0) (i32.const 0))))
                (func (export "nothing") (local i32)
                  (loop (call $nothing) (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 5000)))))
                (func (export "text") (local i32)
                  (loop (drop (call $text (i32.const 64) (i32.const 32))) (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 5000)))))
                (func (export "write") (local i32)
                  (loop (call $write (global.get $h) (i32.const 64) (i32.const 0) (i32.const 16)) (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 5000)))))
                (func (export "count") (local i32)
                  (loop (drop (call $count (global.get $h))) (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 5000))))))
              (core instance $i (instantiate $main (with "s" (instance (export "nothing" (func $nothing)) (export "text" (func $text))
                (export "open" (func $open)) (export "write" (func $write)) (export "count" (func $count))))))
              (func (export "open") (canon lift (core func $i "open")))
              (func (export "{function}") (canon lift (core func $i "{function}"))))
            """,
            new HostInterfaces().Add(StreamsInterface.Definition, static state => state),
            streams);
        guest.Call("open");
        var export = guest.Instance.FindFunction(null, function)!;
        Assert.Null(export.Call().End);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(export.Call().End);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    [Fact]
    public void An_error_of_the_host_reaches_the_guest()
    {
        var streams = new FakeStreams();
        using var guest = Run(false, true, false, streams);
        Assert.Equal(ComponentValue.U32(1001), guest.Call("run", ComponentValue.String("closed")));
        Assert.Equal(ComponentValue.U32(1000), guest.Call("run", ComponentValue.String("broken")));
        Assert.True(streams.Opened[1].Fault!.IsDisposed);
    }

    // The interface once more, by values.
    private static HostInterface Interpreted(FakeStreams streams)
    {
        static FakeStream Self(ComponentValue[] arguments) => (FakeStream)arguments[0].AsResource.Host!;
        static ComponentValue Result<T>(Result<T, FakeError> result, Func<T, ComponentValue?> value) => !result.IsError
            ? ComponentValue.Ok(value(result.Value))
            : ComponentValue.Error(result.ErrorValue.Fault is { } fault
                ? ComponentValue.Variant(0, ComponentValue.Resource(new ComponentResource(fault, StreamsInterface.Fault)))
                : ComponentValue.Variant(1));
        return new HostInterface(
            "test:io/streams@0.2.9",
            [
                new HostFunctionDefinition("open", null, (_, arguments) => ComponentValue.Resource(
                    new ComponentResource(streams.Open(arguments[0].AsString), StreamsInterface.Stream))),
                new HostFunctionDefinition("[method]stream.check-write", null, (_, arguments) =>
                    Result(Self(arguments).CheckWrite(), value => ComponentValue.U64(value))),
                new HostFunctionDefinition("[method]stream.count", null, (_, arguments) => ComponentValue.U32(Self(arguments).Count)),
                new HostFunctionDefinition("[method]stream.write", null, (_, arguments) =>
                    Result(Self(arguments).Write(arguments[1].AsBytes!), _ => null)),
                new HostFunctionDefinition("[method]stream.read", null, (_, arguments) => Result(
                    Self(arguments).ReadAsync(arguments[1].AsU64).AsTask().GetAwaiter().GetResult(),
                    value => ComponentValue.Bytes(value.ToArray()))),
            ],
            [StreamsInterface.Stream, StreamsInterface.Fault]);
    }

    private static RunningGuest Run(bool shimmed, bool elide, bool fibers, FakeStreams streams)
    {
        var host = new HostInterfaces().Add(StreamsInterface.Definition, static state => state);
        var guest = new RunningGuest(shimmed ? Shimmed : Plain, host, streams, elide, fibers);
        Assert.Equal(shimmed && elide, guest.Linked.Plan.IsElided);
        Assert.Equal(fibers, guest.Linked.Suspends);
        return guest;
    }
}
