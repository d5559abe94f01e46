using Skiff.Components.Abi;
using Skiff.Components.Host;

namespace Skiff.Components.Tests.Running;

/// <summary>Resources of guests: own, borrow, lend counts, destructors (CanonicalABI.md, "canon resource.*", lift and lower of handles).</summary>
public sealed class ResourceTests
{
    // One component with a resource of its own, whose core functions the test calls one by one. "log" counts the destructor's calls and
    // keeps the last representation.
    private const string Own = """
        (component
          (core module $log
            (global $count (mut i32) (i32.const 0))
            (global $last (mut i32) (i32.const 0))
            (func (export "dtor") (param i32)
              (global.set $count (i32.add (global.get $count) (i32.const 1)))
              (global.set $last (local.get 0)))
            (func (export "count") (result i32) (global.get $count))
            (func (export "last") (result i32) (global.get $last)))
          (core instance $log (instantiate $log))
          (type $r (resource (rep i32) (dtor (core func $log "dtor"))))
          (type $other (resource (rep i32)))
          (core func $new (canon resource.new $r))
          (core func $rep (canon resource.rep $r))
          (core func $drop (canon resource.drop $r))
          (core func $new-other (canon resource.new $other))
          (core func $drop-other (canon resource.drop $other))
          (func (export "new") (param "rep" u32) (result u32) (canon lift (core func $new)))
          (func (export "rep") (param "h" u32) (result u32) (canon lift (core func $rep)))
          (func (export "drop") (param "h" u32) (canon lift (core func $drop)))
          (func (export "new-other") (param "rep" u32) (result u32) (canon lift (core func $new-other)))
          (func (export "drop-other") (param "h" u32) (canon lift (core func $drop-other)))
          (func (export "count") (result u32) (canon lift (core func $log "count")))
          (func (export "last") (result u32) (canon lift (core func $log "last")))
          (core module $m (func (export "id") (param i32) (result i32) local.get 0) (func (export "take") (param i32)))
          (core instance $m (instantiate $m))
          (func (export "give") (param "h" u32) (result (own $r)) (canon lift (core func $m "id")))
          (func (export "take") (param "h" (own $r)) (result u32) (canon lift (core func $m "id")))
          (func (export "lend") (param "h" (borrow $r)) (result u32) (canon lift (core func $m "id"))))
        """;

    [Fact]
    public void Handles_begin_at_1_and_the_one_freed_last_comes_first()
    {
        using var guest = new RunningGuest(Own);
        Assert.Equal([1u, 2, 3], new uint[] { 10, 20, 30 }.Select(rep => U32(guest, "new", rep)));
        Assert.Equal(20u, U32(guest, "rep", 2));
        guest.Call("drop", ComponentValue.U32(1));
        guest.Call("drop", ComponentValue.U32(3));
        Assert.Equal(30u, U32(guest, "last"));
        Assert.Equal(3u, U32(guest, "new", 40));
        Assert.Equal(1u, U32(guest, "new-other", 50));
        Assert.Equal(4u, U32(guest, "new", 60));
        Assert.Equal(2u, U32(guest, "count"));
    }

    [Theory]
    [InlineData("drop", 0, "unknown handle index 0")]
    [InlineData("drop", 3, "unknown handle index 3")]
    [InlineData("drop", 0x7fffffff, "unknown handle index 2147483647")]
    [InlineData("drop", 0xffffffff, "unknown handle index 4294967295")]
    [InlineData("rep", 9, "unknown handle index 9")]
    [InlineData("give", 9, "unknown handle index 9")]
    [InlineData("drop-other", 1, "handle index 1 used with the wrong type")]
    [InlineData("drop", 2, "handle index 2 used with the wrong type")]
    [InlineData("rep", 2, "handle index 2 used with the wrong type")]
    [InlineData("give", 2, "handle index 2 used with the wrong type")]
    public void A_wrong_handle_traps(string function, uint handle, string trap)
    {
        using var guest = new RunningGuest(Own);
        guest.Call("new", ComponentValue.U32(7));
        guest.Call("new-other", ComponentValue.U32(8));
        Assert.Contains(trap, guest.Trap(function, ComponentValue.U32(handle)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_handle_dropped_twice_traps()
    {
        using var guest = new RunningGuest(Own);
        guest.Call("new", ComponentValue.U32(7));
        guest.Call("drop", ComponentValue.U32(1));
        Assert.Contains("unknown handle index 1", guest.Trap("drop", ComponentValue.U32(1)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_host_takes_lends_and_gives_a_guests_resource()
    {
        using var guest = new RunningGuest(Own);
        guest.Call("new", ComponentValue.U32(7));
        var resource = guest.Call("give", ComponentValue.U32(1))!.Value.AsResource;
        Assert.True(resource.IsOwn);
        // Borrowed by the instance that defines it: it gets the representation itself.
        Assert.Equal(ComponentValue.U32(7), guest.Call("lend", ComponentValue.Resource(resource)));
        Assert.Equal(ComponentValue.U32(1), guest.Call("take", ComponentValue.Resource(resource)));
        Assert.Equal(7u, U32(guest, "rep", 1));
        Assert.False(resource.IsOwn);
        Assert.Throws<ArgumentException>(() => guest.Call("take", ComponentValue.Resource(resource)));
    }

    [Fact]
    public void The_host_drops_a_guests_resource_by_its_destructor()
    {
        using var guest = new RunningGuest(Own);
        guest.Call("new", ComponentValue.U32(77));
        var resource = guest.Call("give", ComponentValue.U32(1))!.Value.AsResource;
        guest.Instance.Drop(resource);
        Assert.Equal(77u, U32(guest, "last"));
        Assert.Throws<ArgumentException>(() => guest.Instance.Drop(resource));
    }

    [Fact]
    public void A_guest_holds_no_more_handles_than_are_allowed()
    {
        using var guest = new RunningGuest("""
            (component
              (type $r (resource (rep i32)))
              (core func $new (canon resource.new $r))
              (core module $m
                (import "" "new" (func $new (param i32) (result i32)))
                (func (export "run") (loop (drop (call $new (i32.const 1))) (br 0))))
              (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
              (func (export "run") (canon lift (core func $m "run"))))
            """);
        Assert.Contains("as many as a component instance may", guest.Trap("run"), StringComparison.Ordinal);
    }

    // Two components: $P defines the resource, $C uses it; the test drives $C's core functions.
    private const string Two = """
        (component
          (component $P
            (core module $log
              (global $count (mut i32) (i32.const 0))
              (func (export "dtor") (param i32) (global.set $count (i32.add (global.get $count) (i32.const 1))))
              (func (export "count") (result i32) (global.get $count)))
            (core instance $log (instantiate $log))
            (type $r' (resource (rep i32) (dtor (core func $log "dtor"))))
            (export $r "r" (type $r'))
            (core func $new (canon resource.new $r'))
            (core module $m
              (func (export "rep") (param i32) (result i32) local.get 0)
              (func (export "both") (param i32 i32)))
            (core instance $m (instantiate $m))
            (func (export "make") (param "rep" u32) (result (own $r)) (canon lift (core func $new)))
            (func (export "look") (param "r" (borrow $r)) (result u32) (canon lift (core func $m "rep")))
            (func (export "both") (param "a" (borrow $r)) (param "b" (own $r)) (canon lift (core func $m "both")))
            (func (export "count") (result u32) (canon lift (core func $log "count"))))
          (component $C
            (import "p" (instance $p
              (export "r" (type $r (sub resource)))
              (export "make" (func (param "rep" u32) (result (own $r))))
              (export "look" (func (param "r" (borrow $r)) (result u32)))
              (export "both" (func (param "a" (borrow $r)) (param "b" (own $r))))))
            (alias export $p "r" (type $r))
            (core func $make (canon lower (func $p "make")))
            (core func $look (canon lower (func $p "look")))
            (core func $both (canon lower (func $p "both")))
            (core func $drop (canon resource.drop $r))
            (core module $m
              (import "" "look" (func $look (param i32) (result i32)))
              (import "" "drop" (func $drop (param i32)))
              (func (export "keep") (param i32))
              (func (export "look-and-keep") (param i32) (drop (call $look (local.get 0))))
              (func (export "look-and-drop") (param i32) (drop (call $look (local.get 0))) (call $drop (local.get 0))))
            (core instance $m (instantiate $m (with "" (instance (export "look" (func $look)) (export "drop" (func $drop))))))
            (func (export "make") (param "rep" u32) (result u32) (canon lift (core func $make)))
            (func (export "look") (param "h" u32) (result u32) (canon lift (core func $look)))
            (func (export "both") (param "a" u32) (param "b" u32) (canon lift (core func $both)))
            (func (export "drop") (param "h" u32) (canon lift (core func $drop)))
            (func (export "keep-borrow") (param "r" (borrow $r)) (canon lift (core func $m "keep")))
            (func (export "look-and-keep") (param "r" (borrow $r)) (canon lift (core func $m "look-and-keep")))
            (func (export "look-and-drop") (param "r" (borrow $r)) (canon lift (core func $m "look-and-drop"))))
          (instance $p (instantiate $P))
          (instance $c (instantiate $C (with "p" (instance $p))))
          (export "p" (instance $p))
          (export "c" (instance $c)))
        """;

    [Fact]
    public void A_resource_of_another_guest_is_made_lent_and_dropped()
    {
        using var guest = new RunningGuest(Two);
        Assert.Equal(1u, U32(guest, "c#make", 11));
        Assert.Equal(2u, U32(guest, "c#make", 22));
        Assert.Equal(22u, U32(guest, "c#look", 2));
        guest.Call("c#both", ComponentValue.U32(1), ComponentValue.U32(2));
        Assert.Equal(0u, U32(guest, "p#count"));
        guest.Call("c#drop", ComponentValue.U32(1));
        Assert.Equal(1u, U32(guest, "p#count"));
        Assert.Contains("unknown handle index 2", guest.Trap("c#look", ComponentValue.U32(2)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_handle_is_not_given_away_while_it_is_lent_to_the_same_call()
    {
        using var guest = new RunningGuest(Two);
        guest.Call("c#make", ComponentValue.U32(11));
        Assert.Contains(
            "cannot remove owned resource while borrowed", guest.Trap("c#both", ComponentValue.U32(1), ComponentValue.U32(1)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("c#keep-borrow", "borrow handles still remain at the end of the call")]
    [InlineData("c#look-and-keep", "borrow handles still remain at the end of the call")]
    [InlineData("c#look-and-drop", null)]
    public void A_borrowed_handle_is_dropped_before_the_call_ends(string function, string? trap)
    {
        using var guest = new RunningGuest(Two);
        var made = guest.Call("p#make", ComponentValue.U32(5))!.Value;
        if (trap is null)
        {
            Assert.Null(guest.Call(function, made));
            Assert.Null(guest.Call(function, made));
        }
        else
        {
            Assert.Contains(trap, guest.Trap(function, made), StringComparison.Ordinal);
        }

        Assert.True(made.AsResource.IsOwn);
    }

    [Fact]
    public void The_same_component_twice_has_two_resource_types()
    {
        using var guest = new RunningGuest("""
            (component
              (component $P
                (type $r' (resource (rep i32)))
                (export $r "r" (type $r'))
                (core func $new (canon resource.new $r'))
                (core module $m (func (export "take") (param i32)))
                (core instance $m (instantiate $m))
                (func (export "make") (param "rep" u32) (result (own $r)) (canon lift (core func $new)))
                (func (export "take") (param "r" (own $r)) (canon lift (core func $m "take"))))
              (instance $one (instantiate $P))
              (instance $two (instantiate $P))
              (export "one" (instance $one))
              (export "two" (instance $two)))
            """);
        var one = guest.Call("one#make", ComponentValue.U32(1))!.Value;
        Assert.Throws<ArgumentException>(() => guest.Call("two#take", one));
        Assert.Null(guest.Call("one#take", one));
    }

    [Fact]
    public void A_host_resource_goes_through_dynamic_functions()
    {
        var streams = new FakeStreams();
        using var guest = new RunningGuest(
            """
            (component
              (import "test:io/streams@0.2.0" (instance $s
                (export "stream" (type $stream (sub resource)))
                (export "open" (func (result (own $stream))))
                (export "look" (func (param "s" (borrow $stream)) (result u32)))
                (export "close" (func (param "s" (own $stream))))))
              (core func $open (canon lower (func $s "open")))
              (core func $look (canon lower (func $s "look")))
              (core func $close (canon lower (func $s "close")))
              (func (export "open") (result u32) (canon lift (core func $open)))
              (func (export "look") (param "h" u32) (result u32) (canon lift (core func $look)))
              (func (export "close") (param "h" u32) (canon lift (core func $close))))
            """,
            new HostInterfaces().Add(new HostInterface(
                "test:io/streams@0.2.3",
                [
                    new HostFunctionDefinition("open", null, (_, _) =>
                        ComponentValue.Resource(new ComponentResource(streams.Open("a"), StreamsInterface.Stream))),
                    new HostFunctionDefinition("look", null, (_, arguments) =>
                        ComponentValue.U32(arguments[0].AsResource.Host is FakeStream { Name: "a" } ? 1u : 0)),
                    new HostFunctionDefinition("close", null, (_, arguments) =>
                    {
                        ((FakeStream)arguments[0].AsResource.Host!).Dispose();
                        return null;
                    }),
                ],
                [StreamsInterface.Stream])));
        Assert.Equal(1u, U32(guest, "open"));
        Assert.Equal(1u, U32(guest, "look", 1));
        guest.Call("close", ComponentValue.U32(1));
        Assert.Equal(1, streams.Opened[0].Disposals);
        Assert.Contains("unknown handle index 1", guest.Trap("look", ComponentValue.U32(1)), StringComparison.Ordinal);
    }

    private static uint U32(RunningGuest guest, string function, params uint[] arguments) =>
        guest.Call(function, Array.ConvertAll(arguments, ComponentValue.U32))!.Value.AsU32;
}
