using Skiff.Components.Host;
using Skiff.WitBindings.Tests.Bindings.Sample;

namespace Skiff.WitBindings.Tests.Running;

/// <summary>Handles of host objects in a real guest: made, lent, given away, dropped.</summary>
public sealed class ResourceTests : IDisposable
{
    private readonly Dictionary<string, SampleComponent> _components = [];

    [Fact]
    public void Objects_are_made_lent_and_given_back()
    {
        var host = new ThingHost();
        // (1 + 2) by add, then merged with another: 3 + 40.
        Run(host, """
            (local.set $a (call $new (i32.const 1)))
            (local.set $b (call $new (i32.const 2)))
            (local.set $c (call $add (local.get $a) (local.get $b)))
            (call $check (call $number (local.get $c)) (i32.const 3))
            (local.set $b2 (call $new (i32.const 40)))
            (local.set $c (call $merge (local.get $c) (local.get $b2)))
            (call $check (call $number (local.get $c)) (i32.const 43))
            (call $check (call $absorb (local.get $c) (call $new (i32.const 7))) (i32.const 50))
            (call $drop (local.get $a))
            """);
        Assert.Equal([1], host.Dropped.Take(1));
        // What the guest forgot goes with it; what it gave away is the host's.
        Assert.Equal([1, 2, 40, 43], host.Dropped.Order());
    }

    [Fact]
    public void Lists_of_handles_lend_and_give()
    {
        var host = new ThingHost();
        Run(host, """
            (i32.store (i32.const 256) (call $new (i32.const 5)))
            (i32.store (i32.const 260) (call $new (i32.const 6)))
            (call $check (i32.wrap_i64 (call $sum (i32.const 256) (i32.const 2))) (i32.const 11))
            (call $check (i32.wrap_i64 (call $collect (i32.const 256) (i32.const 2))) (i32.const 11))
            """);
        Assert.Empty(host.Dropped);
        Assert.Equal(2, host.Collected);
    }

    [Fact]
    public void Options_and_results_carry_handles()
    {
        var host = new ThingHost();
        Run(host, """
            (call $maybe (i32.const 0) (i32.const 0) (i32.const 512))
            (call $check (i32.load8_u (i32.const 512)) (i32.const 0))
            (call $maybe (i32.const 1) (call $new (i32.const 9)) (i32.const 512))
            (call $check (i32.load8_u (i32.const 512)) (i32.const 1))
            (call $check (call $number (i32.load (i32.const 516))) (i32.const 9))
            (call $try (i32.const 0) (i32.const 512))
            (call $check (i32.load8_u (i32.const 512)) (i32.const 1))
            (call $check (i32.load (i32.const 520)) (i32.const 8))
            (call $try (i32.const 7) (i32.const 512))
            (call $check (call $number (i32.load (i32.const 516))) (i32.const 7))
            """);
    }

    [Fact]
    public void Records_in_lists_carry_strings_and_handles()
    {
        Run(new ThingHost(), """
            (call $labels (i32.const 3) (i32.const 512))
            (call $check (i32.load (i32.const 516)) (i32.const 3))
            (local.set $a (i32.add (i32.load (i32.const 512)) (i32.const 12)))
            (call $check (i32.load (i32.add (local.get $a) (i32.const 4))) (i32.const 7))
            (call $check (i32.load8_u (i32.add (i32.load (local.get $a)) (i32.const 6))) (i32.const 50))
            (call $check (call $number (i32.load (i32.add (local.get $a) (i32.const 8)))) (i32.const 2))
            """);
    }

    [Theory]
    [InlineData("unknown handle index 77", "(drop (call $number (i32.const 77)))")]
    [InlineData("unknown handle index 0", "(drop (call $number (i32.const 0)))")]
    [InlineData("used with the wrong type", "(drop (call $number (call $plain)))")]
    [InlineData("cannot remove owned resource while borrowed", "(local.set $a (call $new (i32.const 1))) (drop (call $absorb (local.get $a) (local.get $a)))")]
    [InlineData("unknown handle index 1", "(local.set $a (call $new (i32.const 1))) (drop (call $merge (local.get $a) (local.get $a)))")]
    [InlineData("unknown handle index", "(i32.store (i32.const 256) (call $new (i32.const 5))) (i32.store (i32.const 260) (i32.load (i32.const 256))) (drop (call $collect (i32.const 256) (i32.const 2)))")]
    [InlineData("unknown handle index", "(local.set $a (call $new (i32.const 1))) (call $drop (local.get $a)) (drop (call $number (local.get $a)))")]
    [InlineData("unaligned", "(drop (call $sum (i32.const 258) (i32.const 1)))")]
    [InlineData("out of bounds", "(call $labels (i32.const 1) (i32.const 65536))")]
    [InlineData("unaligned", "(call $labels (i32.const 1) (i32.const 514))")]
    [InlineData("invalid discriminant", "(call $maybe (i32.const 2) (i32.const 0) (i32.const 512))")]
    public void A_wrong_handle_traps(string expected, string body)
    {
        using var guest = Component(body).Start(new ThingHost());
        Assert.Contains(expected, guest.Trap("run"), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        foreach (var component in _components.Values)
        {
            component.Dispose();
        }
    }

    private void Run(ThingHost host, string body)
    {
        using var guest = Component(body).Start(host);
        guest.Call("run");
    }

    private SampleComponent Component(string body)
    {
        if (!_components.TryGetValue(body, out var component))
        {
            var interfaces = new HostInterfaces().Add(ThingsInterface.Definition, state => state);
            _components.Add(body, component = new SampleComponent(Text(body), interfaces));
        }

        return component;
    }

    private static string Text(string body) => $$"""
        (component
          (import "skiff:sample/things@1.0.0" (instance $host
            (export "thing" (type $thing (sub resource)))
            (export "plain" (type $plain (sub resource)))
            (type $labelled (record (field "label" string) (field "thing" (own $thing))))
            (export "[constructor]thing" (func (param "number" u32) (result (own $thing))))
            (export "[method]thing.number" (func (param "self" (borrow $thing)) (result u32)))
            (export "[method]thing.add" (func (param "self" (borrow $thing)) (param "other" (borrow $thing)) (result (own $thing))))
            (export "[method]thing.absorb" (func (param "self" (borrow $thing)) (param "other" (own $thing)) (result u32)))
            (export "[static]thing.merge" (func (param "one" (own $thing)) (param "two" (borrow $thing)) (result (own $thing))))
            (export "[static]thing.try-make" (func (param "number" u32) (result (result (own $thing) (error string)))))
            (export "sum" (func (param "things" (list (borrow $thing))) (result u64)))
            (export "collect" (func (param "things" (list (own $thing))) (result u64)))
            (export "maybe" (func (param "thing" (option (own $thing))) (result (option (own $thing)))))
            (export "labels" (func (param "count" u32) (result (list $labelled))))
            (export "make-plain" (func (result (own $plain))))))
          (alias export $host "thing" (type $thing))
          (core module $libc
            (memory (export "memory") 1)
            (global $next (mut i32) (i32.const 4096))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32)
              (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get 2)) (i32.const -1)) (i32.sub (i32.const 0) (local.get 2))))
              (global.get $next)
              (global.set $next (i32.add (global.get $next) (local.get 3)))))
          (core instance $libc (instantiate $libc))
          (alias core export $libc "memory" (core memory $memory))
          (alias core export $libc "realloc" (core func $realloc))
          (core func $new (canon lower (func $host "[constructor]thing")))
          (core func $number (canon lower (func $host "[method]thing.number")))
          (core func $add (canon lower (func $host "[method]thing.add")))
          (core func $absorb (canon lower (func $host "[method]thing.absorb")))
          (core func $merge (canon lower (func $host "[static]thing.merge")))
          (core func $try (canon lower (func $host "[static]thing.try-make") (memory $memory) (realloc $realloc)))
          (core func $sum (canon lower (func $host "sum") (memory $memory)))
          (core func $collect (canon lower (func $host "collect") (memory $memory)))
          (core func $maybe (canon lower (func $host "maybe") (memory $memory)))
          (core func $labels (canon lower (func $host "labels") (memory $memory) (realloc $realloc)))
          (core func $plain (canon lower (func $host "make-plain")))
          (core func $drop (canon resource.drop $thing))
          (core module $m
            (import "libc" "memory" (memory 1))
            (import "host" "new" (func $new (param i32) (result i32)))
            (import "host" "number" (func $number (param i32) (result i32)))
            (import "host" "add" (func $add (param i32 i32) (result i32)))
            (import "host" "absorb" (func $absorb (param i32 i32) (result i32)))
            (import "host" "merge" (func $merge (param i32 i32) (result i32)))
            (import "host" "try" (func $try (param i32 i32)))
            (import "host" "sum" (func $sum (param i32 i32) (result i64)))
            (import "host" "collect" (func $collect (param i32 i32) (result i64)))
            (import "host" "maybe" (func $maybe (param i32 i32 i32)))
            (import "host" "labels" (func $labels (param i32 i32)))
            (import "host" "plain" (func $plain (result i32)))
            (import "host" "drop" (func $drop (param i32)))
            (func $check (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
            (func (export "run") (local $a i32) (local $b i32) (local $b2 i32) (local $c i32) {{body}}))
          (core instance $i (instantiate $m
            (with "libc" (instance $libc))
            (with "host" (instance
              (export "new" (func $new)) (export "number" (func $number)) (export "add" (func $add)) (export "absorb" (func $absorb)) (export "merge" (func $merge))
              (export "try" (func $try)) (export "sum" (func $sum)) (export "collect" (func $collect)) (export "maybe" (func $maybe))
              (export "labels" (func $labels)) (export "plain" (func $plain)) (export "drop" (func $drop))))))
          (func (export "run") (canon lift (core func $i "run"))))
        """;

    private sealed class ThingHost : IThings
    {
        public List<int> Dropped { get; } = [];

        public int Collected { get; private set; }

        public IThing CreateThing(uint number) => new Thing(this, number);

        public IThing ThingMerge(IThing one, IThing two) => new Thing(this, one.Number() + two.Number());

        public Result<IThing, string> ThingTryMake(uint number) =>
            number == 0 ? "no zeros" : Result<IThing, string>.Ok(new Thing(this, number));

        public ulong Sum(IThing[] things) => (ulong)things.Sum(thing => thing.Number());

        public ulong Collect(IThing[] things)
        {
            Collected += things.Length;
            return Sum(things);
        }

        public IThing? Maybe(IThing? thing) => thing;

        public IReadOnlyList<Labelled> Labels(uint count) =>
            [.. Enumerable.Range(1, (int)count).Select(number => new Labelled($"label {number}", new Thing(this, (uint)number)))];

        public IPlain MakePlain() => new Plain();

        private sealed class Plain : IPlain;

        private sealed class Thing(ThingHost host, uint number) : IThing, IDisposable
        {
            public uint Number() => number;

            public uint Absorb(IThing other) => number + other.Number();

            public IThing Add(IThing other) => new Thing(host, number + other.Number());

            public void Dispose() => host.Dropped.Add((int)number);
        }
    }
}
