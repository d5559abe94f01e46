using Skiff.Components.Linking;
using Skiff.Components.Runtime;

namespace Skiff.Components.Tests.Linking;

/// <summary>Which calls of guests may come to wait, and so need a fiber of their own.</summary>
public sealed class WaitAnalysisTests(ITestOutputHelper output)
{
    private const string Waits = "read";

    // Main calls the adapter's functions by the shim; only some of these reach the host's "read", which waits.
    private static readonly string Adapted = $$"""
        (component
          (import "read" (func $read))
          (import "now" (func $now))
          (core module $shim
            (type $t (func))
            (table (export "$imports") 5 5 funcref)
            {{string.Concat(Enumerable.Range(0, 5).Select(i => $"(func (export \"{i}\") (type $t) i32.const {i} call_indirect (type $t))"))}})
          (core module $main
            (import "a" "direct" (func))
            (import "a" "deep" (func))
            (import "a" "clock" (func))
            (import "a" "allocates" (func))
            (import "a" "nothing" (func))
            (import "h" "read" (func))
            (memory (export "memory") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "run")))
          (core module $adapter
            (import "env" "memory" (memory 1))
            (import "env" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
            (import "h" "read" (func $read))
            (import "h" "now" (func $now))
            (global $g (mut i64) (i64.const -5000000000))
            (func (export "direct") (call $read))
            (func $inner (param i32) (local f64 i64 i64)
              (block (loop (br_table 0 1 0 (local.get 0))))
              (local.set 1 (f64.const 1.5)) (drop (f32.const 2)) (drop (i64.const -1234567890123))
              (i64.store offset=99999 align=1 (i32.const -3) (i64.trunc_sat_f64_s (local.get 1)))
              (memory.fill (i32.const 0) (i32.const 1) (i32.const 2)) (memory.copy (i32.const 0) (i32.const 1) (i32.const 2))
              (drop (select (result i32) (i32.const 1) (memory.size) (memory.grow (i32.const 0))))
              (if (local.get 0) (then (call $read)) (else (call $inner (i32.const 1)))))
            (func $middle (call $inner (i32.const 7)))
            (func (export "deep") (call $now) (call $middle))
            (func $panic (call $read) unreachable)
            (func $rest (call $now) (call $rest) (if (i32.const 0) (then (call $read) (drop (i32.const 1)) (call $panic) unreachable)))
            (func (export "clock") (call $rest))
            (func (export "allocates") (drop (call $realloc (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))
            (func (export "nothing")))
          (core module $fixup
            {{string.Concat(Enumerable.Range(0, 5).Select(i => $"(import \"\" \"{i}\" (func))"))}}
            (import "" "$imports" (table 5 5 funcref))
            (elem (i32.const 0) func 0 1 2 3 4))
          (core instance $s (instantiate $shim))
          (core func $read (canon lower (func $read)))
          (core func $now (canon lower (func $now)))
          (core instance $m (instantiate $main
            (with "a" (instance
              (export "direct" (func $s "0")) (export "deep" (func $s "1")) (export "clock" (func $s "2"))
              (export "allocates" (func $s "3")) (export "nothing" (func $s "4"))))
            (with "h" (instance (export "read" (func $read))))))
          (core instance $a (instantiate $adapter (with "env" (instance $m))
            (with "h" (instance (export "read" (func $read)) (export "now" (func $now))))))
          (core instance (instantiate $fixup (with "" (instance
            (export "$imports" (table $s "$imports"))
            (export "0" (func $a "direct")) (export "1" (func $a "deep")) (export "2" (func $a "clock"))
            (export "3" (func $a "allocates")) (export "4" (func $a "nothing"))))))
          (func (export "run") (canon lift (core func $m "run"))))
        """;

    [Fact]
    public void In_an_adapter_it_is_the_function_that_counts()
    {
        var plan = ComponentText.Link(Adapted);
        Assert.True(plan.IsElided);
        Assert.Equal(["deep", "direct"], Waiting(plan, function => function.Name == Waits));
        Assert.Empty(Waiting(plan, _ => false));
        Assert.Equal(["clock", "deep", "direct"], Waiting(plan, _ => true));
    }

    [Theory]
    [InlineData("(table 1 funcref)")]
    [InlineData("(func $x (param v128) (drop (i8x16.neg (local.get 0))))")]
    public void What_cannot_be_looked_through_may_wait(string more)
    {
        var plan = ComponentText.Link(Adapted.Replace("(func (export \"nothing\")))", $"(func (export \"nothing\")) {more})", StringComparison.Ordinal));
        Assert.True(plan.IsElided);
        Assert.Equal(["allocates", "clock", "deep", "direct", "nothing"], Waiting(plan, function => function.Name == Waits));
        Assert.Empty(Waiting(plan, _ => false));
    }

    [Fact]
    public void Real_adapters_wait_where_they_read_and_not_where_they_look_at_the_clock()
    {
        foreach (var (name, bytes) in RealComponents.All)
        {
            var plan = Component.Parse(bytes);
            var all = plan.Trampolines.OfType<Forward>().Select(forward => forward.Target.Name).ToHashSet();
            var waiting = Waiting(plan, function => function.Name.Contains("block", StringComparison.Ordinal) || function.Name == "poll");
            output.WriteLine($"{name}: {string.Join(' ', waiting)} of {all.Count}: {string.Join(' ', all.Except(waiting))}");
            Assert.All(new[] { "fd_write", "fd_read", "poll_oneoff" }.Where(all.Contains), wanted => Assert.Contains(wanted, waiting));
            Assert.All(new[] { "clock_time_get", "fd_fdstat_get", "random_get", "environ_get" }, unwanted => Assert.DoesNotContain(unwanted, waiting));
        }
    }

    private static string[] Waiting(LinkPlan plan, Func<ImportedFunction, bool> suspends)
    {
        var analysis = new WaitAnalysis(plan, suspends);
        return [.. plan.Trampolines.OfType<Forward>().Where(analysis.MayWait).Select(forward => forward.Target.Name).Order(StringComparer.Ordinal)];
    }
}
