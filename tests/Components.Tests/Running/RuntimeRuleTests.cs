using Skiff.Components.Abi;
using Skiff.Components.Host;
using Skiff.Engine;

namespace Skiff.Components.Tests.Running;

/// <summary>What a component may do when (CanonicalABI.md: realloc, post-return, may_leave, may_enter; traps and exits).</summary>
public sealed class RuntimeRuleTests
{
    // "take" and "give" with a realloc, and a post-return, that do what the test writes there.
    private static string Guest(string realloc, string postReturn = "", string result = "(i32.const 16)") => $"""
        (component
          (import "host" (func $host))
          (core func $host (canon lower (func $host)))
          (type $r (resource (rep i32)))
          (core func $new (canon resource.new $r))
          (core func $drop (canon resource.drop $r))
          (core func $rep (canon resource.rep $r))
          (core module $m
            (import "" "host" (func $host))
            (import "" "new" (func $new (param i32) (result i32)))
            (import "" "drop" (func $drop (param i32)))
            (import "" "rep" (func $rep (param i32) (result i32)))
            (memory (export "memory") 1 4)
            (data (i32.const 16) "\20\00\00\00\02\00\00\00")
            (data (i32.const 32) "hi")
            (global $handle (mut i32) (i32.const 0))
            (global $posted (export "posted") (mut i32) (i32.const 0))
            (func (export "posted-value") (result i32) (global.get $posted))
            (func (export "init") (global.set $handle (call $new (i32.const 1))))
            (func (export "realloc") (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32) {realloc})
            (func (export "take") (param i32 i32) (result i32) local.get 0)
            (func (export "give") (result i32) {result})
            (func (export "post") (param i32) (global.set $posted (local.get 0)) {postReturn})
            (func (export "call-host") (call $host)))
          (core instance $i (instantiate $m (with "" (instance
            (export "host" (func $host)) (export "new" (func $new)) (export "drop" (func $drop)) (export "rep" (func $rep))))))
          (alias core export $i "memory" (core memory $mem))
          (func (export "init") (canon lift (core func $i "init")))
          (func (export "take") (param "l" (list u64)) (result u32) (canon lift (core func $i "take") (memory $mem) (realloc (core func $i "realloc"))))
          (func (export "take-text") (param "s" string) (result u32) (canon lift (core func $i "take") (memory $mem) (realloc (core func $i "realloc"))))
          (func (export "give") (result string) (canon lift (core func $i "give") (memory $mem) (post-return (core func $i "post"))))
          (func (export "posted") (result u32) (canon lift (core func $i "posted-value")))
          (func (export "call-host") (canon lift (core func $i "call-host"))))
        """;

    private static readonly ComponentValue Numbers = ComponentValue.List(ComponentValue.U64(1), ComponentValue.U64(2));

    [Theory]
    [InlineData("(i32.const 64)", null)]
    [InlineData("(i32.const 65520)", null)]
    [InlineData("(i32.const 65528)", "pointer out of bounds")]
    [InlineData("(i32.const 65536)", "pointer out of bounds")]
    [InlineData("(i32.const 0xfffffff8)", "pointer out of bounds")]
    [InlineData("(i32.const 60)", "unaligned pointer")]
    [InlineData("(i32.const 1)", "unaligned pointer")]
    [InlineData("unreachable", "unreachable")]
    [InlineData("(call $host) (i32.const 64)", "cannot leave component instance")]
    [InlineData("(drop (call $new (i32.const 1))) (i32.const 64)", "cannot leave component instance")]
    [InlineData("(call $drop (global.get $handle)) (i32.const 64)", "cannot leave component instance")]
    [InlineData("(drop (call $rep (global.get $handle))) (i32.const 64)", null)]
    [InlineData("(drop (memory.grow (i32.const 1))) (i32.const 65536)", null)]
    [InlineData("(if (i32.or (local.get $old) (local.get $size)) (then unreachable)) (i32.const 64)", null)]
    [InlineData("(if (i32.ne (local.get $align) (i32.const 8)) (then unreachable)) (i32.const 64)", null)]
    [InlineData("(if (i32.ne (local.get $new) (i32.const 16)) (then unreachable)) (i32.const 64)", null)]
    public void The_guest_allocates_for_what_it_takes(string realloc, string? trap)
    {
        using var guest = Run(Guest(realloc));
        guest.Call("init");
        if (trap is null)
        {
            var address = guest.Call("take", Numbers)!.Value.AsU32;
            Assert.Equal(2, guest.Instance.Memory(0).Slice(address, 16)[8]);
        }
        else
        {
            Assert.Contains(trap, guest.Trap("take", Numbers), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("(i32.const 1)", null)]
    [InlineData("(i32.const 65536)", null)]
    [InlineData("(i32.const 65537)", "pointer out of bounds")]
    public void An_empty_string_is_allocated_as_well(string realloc, string? trap)
    {
        using var guest = Run(Guest(realloc));
        if (trap is null)
        {
            guest.Call("take-text", ComponentValue.String(""));
        }
        else
        {
            Assert.Contains(trap, guest.Trap("take-text", ComponentValue.String("")), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("(if (i32.ne (local.get 0) (i32.const 16)) (then unreachable))", null)]
    [InlineData("unreachable", "unreachable")]
    [InlineData("(call $host)", "cannot leave component instance")]
    [InlineData("(drop (call $new (i32.const 1)))", "cannot leave component instance")]
    [InlineData("(call $drop (global.get $handle))", "cannot leave component instance")]
    public void Post_return_runs_after_the_result_was_read_and_may_not_leave(string postReturn, string? trap)
    {
        using var guest = Run(Guest("(i32.const 64)", postReturn));
        guest.Call("init");
        if (trap is null)
        {
            Assert.Equal(ComponentValue.String("hi"), guest.Call("give"));
            Assert.Equal(ComponentValue.U32(16), guest.Call("posted"));
            guest.Call("call-host");
        }
        else
        {
            Assert.Contains(trap, guest.Trap("give"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Post_return_does_not_run_when_the_result_is_bad()
    {
        using var guest = Run(Guest("(i32.const 64)", result: "(i32.const 65534)"));
        Assert.Contains("unaligned pointer", guest.Trap("give"), StringComparison.Ordinal);
        Assert.Contains("unaligned pointer", guest.Trap("posted"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_function_cannot_enter_the_guest_that_called_it()
    {
        string? inner = null;
        var host = Host((instance, _) =>
        {
            inner = instance.FindFunction(null, "posted")!.Call().End!.Trap!.Message;
            return null;
        });
        using var guest = new RunningGuest(Guest("(i32.const 64)"), host);
        var outcome = guest.Outcome("call-host");
        Assert.Contains("cannot enter component instance", inner, StringComparison.Ordinal);
        Assert.Contains("cannot enter component instance", guest.Trap("posted"), StringComparison.Ordinal);
        Assert.Contains("cannot enter component instance", guest.Instance.End!.Trap!.Message, StringComparison.Ordinal);
        Assert.Null(outcome.Value);
    }

    [Fact]
    public void A_component_cannot_call_its_own_lifted_function()
    {
        using var guest = new RunningGuest("""
            (component
              (core module $a (func (export "f")))
              (core instance $a (instantiate $a))
              (func $f (canon lift (core func $a "f")))
              (core func $lowered (canon lower (func $f)))
              (core module $b (import "" "f" (func $f)) (func (export "run") (call $f)))
              (core instance $b (instantiate $b (with "" (instance (export "f" (func $lowered))))))
              (func (export "run") (canon lift (core func $b "run"))))
            """);
        Assert.Contains("cannot enter component instance", guest.Trap("run"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_exit_in_a_host_function_ends_the_guest_in_order()
    {
        using var guest = new RunningGuest(Guest("(i32.const 64)"), Host((_, _) => throw new GuestExitException(7)));
        Assert.Equal(7, guest.Outcome("call-host").End!.ExitStatus);
        Assert.Equal(7, guest.Outcome("give").End!.ExitStatus);
        Assert.Equal(7, guest.Instance.End!.ExitStatus);
    }

    [Fact]
    public void A_trap_of_a_host_function_keeps_its_words()
    {
        using var guest = new RunningGuest(Guest("(i32.const 64)"), Host((_, _) => throw new GuestTrapException("no such luck")));
        Assert.Equal("no such luck", guest.Trap("call-host"));
    }

    [Fact]
    public void A_fault_of_a_host_function_ends_the_guest_and_nothing_else()
    {
        using var guest = new RunningGuest(Guest("(i32.const 64)"), Host((_, _) => throw new InvalidOperationException("oh")));
        Assert.Contains("host function failed: InvalidOperationException: oh", guest.Trap("call-host"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_trap_in_one_guest_ends_all_that_were_composed_with_it()
    {
        using var guest = new RunningGuest("""
            (component
              (component $B
                (core module $m (func (export "f") unreachable) (func (export "ok")))
                (core instance $i (instantiate $m))
                (func (export "f") (canon lift (core func $i "f")))
                (func (export "ok") (canon lift (core func $i "ok"))))
              (component $A
                (import "f" (func $f))
                (core func $f (canon lower (func $f)))
                (core module $m (import "" "f" (func $f)) (func (export "run") (call $f)) (func (export "ok")))
                (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
                (func (export "run") (canon lift (core func $i "run")))
                (func (export "ok") (canon lift (core func $i "ok"))))
              (instance $b (instantiate $B))
              (instance $a (instantiate $A (with "f" (func $b "f"))))
              (export "a" (instance $a))
              (export "b" (instance $b)))
            """);
        Assert.Null(guest.Call("a#ok"));
        Assert.Null(guest.Call("b#ok"));
        var trap = guest.Trap("a#run");
        Assert.Contains("unreachable", trap, StringComparison.Ordinal);
        Assert.Equal(trap, guest.Trap("a#ok"));
        Assert.Equal(trap, guest.Trap("b#ok"));
    }

    [Theory]
    [InlineData("string", 65535, 2, "pointer out of bounds")]
    [InlineData("string", 32, 1, "invalid utf-8")]
    [InlineData("string", 0, 0x10000000, "too long")]
    [InlineData("(list u16)", 33, 0, "unaligned pointer")]
    [InlineData("(list u64)", 0, 0xffffffff, "too long")]
    [InlineData("(list char)", 36, 1, "invalid char")]
    [InlineData("(list (option u8))", 40, 1, "invalid discriminant")]
    [InlineData("(list string)", 48, 1, "pointer out of bounds")]
    public void A_guest_does_not_lie_to_a_guest(string type, uint address, uint length, string trap)
    {
        // Once as a parameter, once as a result.
        using var parameter = new RunningGuest(Pair(type, result: false));
        Assert.Contains(trap, parameter.Trap("run", ComponentValue.U32(address), ComponentValue.U32(length)), StringComparison.Ordinal);
        using var result = new RunningGuest(Pair(type, result: true));
        Assert.Contains(trap, result.Trap("run", ComponentValue.U32(address), ComponentValue.U32(length)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(i32.const 65534)", "pointer out of bounds")]
    [InlineData("(i32.const 3)", "unaligned pointer")]
    [InlineData("unreachable", "unreachable")]
    public void A_guest_allocates_for_a_guest(string realloc, string trap)
    {
        using var guest = new RunningGuest(Pair("(list u16)", result: false, realloc));
        Assert.Contains(trap, guest.Trap("run", ComponentValue.U32(32), ComponentValue.U32(4)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_function_that_traps_is_how_the_guest_ended()
    {
        using var guest = new RunningGuest("""
            (component
              (core module $m (func $start unreachable) (start $start) (func (export "run")))
              (core instance $i (instantiate $m))
              (func (export "run") (canon lift (core func $i "run"))))
            """);
        Assert.Contains("unreachable", guest.Start!.Trap!.Message, StringComparison.Ordinal);
        Assert.Contains("unreachable", guest.Outcome("run").End!.Trap!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_function_may_call_the_host()
    {
        var called = 0;
        using var guest = new RunningGuest(
            """
            (component
              (import "host" (func $host))
              (core func $host (canon lower (func $host)))
              (core module $m (import "" "host" (func $host)) (start $host))
              (core instance $i (instantiate $m (with "" (instance (export "host" (func $host)))))))
            """,
            Host((_, _) =>
            {
                called++;
                return null;
            }));
        Assert.Null(guest.Start);
        Assert.Equal(1, called);
    }

    [Fact]
    public void What_the_host_does_not_offer_is_named()
    {
        var missing = Assert.Throws<ComponentException>(() => new RunningGuest("""
            (component
              (import "a:b/c@0.2.0" (instance $c (export "f" (func)) (export "g" (func (param "x" u32)))))
              (import "plain" (func $p))
              (core func $f (canon lower (func $c "f")))
              (core func $g (canon lower (func $c "g")))
              (core func $p (canon lower (func $p)))
              (core module $m (import "" "f" (func)) (import "" "g" (func (param i32))) (import "" "p" (func)))
              (core instance (instantiate $m (with "" (instance (export "f" (func $f)) (export "g" (func $g)) (export "p" (func $p)))))))
            """,
            new HostInterfaces().Add(new HostInterface("a:b/c@0.2.7", [new HostFunctionDefinition(
                "g", new FunctionType([new("x", Types.PrimitiveType.U64)], null), static (_, _) => null)], []))));
        Assert.Contains("'a:b/c@0.2.0#f', which the offered interface 'a:b/c@0.2.7' does not have", missing.Message, StringComparison.Ordinal);
        Assert.Contains("'a:b/c@0.2.0#g' as func(x: u32), but 'a:b/c@0.2.7' offers func(x: u64)", missing.Message, StringComparison.Ordinal);
        Assert.Contains("'plain', which is not offered", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_newest_of_a_track_serves_and_drafts_match_exactly()
    {
        var host = new HostInterfaces();
        foreach (var version in new[] { "0.2.3", "0.2.12", "0.2.4", "0.3.0", "1.0.0", "1.4.0", "0.2.0-rc-2023-11-10" })
        {
            host.Add(new HostInterface($"a:b/c@{version}", [], []));
        }

        Assert.Equal("a:b/c@0.2.12", host.Find("a:b/c@0.2.0")!.Definition.Name);
        Assert.Equal("a:b/c@0.2.12", host.Find("a:b/c@0.2.99")!.Definition.Name);
        Assert.Equal("a:b/c@0.2.12", host.Find("a:b/c@0.2")!.Definition.Name);
        Assert.Equal("a:b/c@0.2.3", host.Find("a:b/c@0.2.3")!.Definition.Name);
        Assert.Equal("a:b/c@0.3.0", host.Find("a:b/c@0.3.7")!.Definition.Name);
        Assert.Equal("a:b/c@1.4.0", host.Find("a:b/c@1.2.0")!.Definition.Name);
        Assert.Equal("a:b/c@0.2.0-rc-2023-11-10", host.Find("a:b/c@0.2.0-rc-2023-11-10")!.Definition.Name);
        Assert.Null(host.Find("a:b/c@0.2.0-rc-2023-12-05"));
        Assert.Null(host.Find("a:b/c@0.1.0"));
        Assert.Null(host.Find("a:b/d@0.2.0"));
        Assert.Null(host.Find("a:b/c"));
    }

    // A calls B (or B gives to A) with a pair that the test chooses, over a memory with bad things at 32, 36, 40 and 48.
    private static string Pair(string type, bool result, string realloc = "(i32.const 1024)")
    {
        const string Memory = """
            (memory (export "memory") 1)
            (data (i32.const 32) "\ff\00\00\00\00\d8\00\00\02\00\00\00\00\00\00\00\ff\ff\00\00\10\00\00\00")
            """;
        var signature = result ? $"(param \"a\" u32) (param \"b\" u32) (result {type})" : $"(param \"l\" {type})";
        return $"""
            (component
              (component $B
                (core module $m
                  {Memory}
                  (func (export "realloc") (param i32 i32 i32 i32) (result i32) {realloc})
                  (func (export "take") (param i32 i32))
                  (func (export "give") (param i32 i32) (result i32)
                    (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))
                (core instance $i (instantiate $m))
                (alias core export $i "memory" (core memory $mem))
                (alias core export $i "realloc" (core func $realloc))
                (func (export "f") {signature} (canon lift (core func $i "{(result ? "give" : "take")}") (memory $mem) (realloc $realloc))))
              (component $A
                (import "f" (func $f {signature}))
                (core module $libc
                  {Memory}
                  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
                (core instance $libc (instantiate $libc))
                (alias core export $libc "memory" (core memory $mem))
                (alias core export $libc "realloc" (core func $realloc))
                (core func $f (canon lower (func $f) (memory $mem) (realloc $realloc)))
                (core module $m
                  (import "" "f" (func $f {(result ? "(param i32 i32 i32)" : "(param i32 i32)")}))
                  (func (export "run") (param i32 i32) (call $f (local.get 0) (local.get 1) {(result ? "(i32.const 16)" : "")})))
                (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
                (func (export "run") (param "a" u32) (param "b" u32) (canon lift (core func $i "run"))))
              (instance $b (instantiate $B))
              (instance $a (instantiate $A (with "f" (func $b "f"))))
              (export "run" (func $a "run")))
            """;
    }

    private static RunningGuest Run(string text) => new(text, Host((_, _) => null));

    private static HostInterfaces Host(Func<ComponentInstance, ComponentValue[], ComponentValue?> function) =>
        new HostInterfaces().Add(new HostInterface("", [new HostFunctionDefinition("host", null, function)], []));
}
