using Skiff.Components.Abi;
using Oracle = Wasmtime.Components;

namespace Skiff.Components.Tests.Running;

/// <summary>
/// Strings from guest to guest in every pair of encodings: the text arrives, and the target's <c>realloc</c> is called as the
/// specification has it (CanonicalABI.md, <c>store_string</c>) and Wasmtime's own component runtime does.
/// </summary>
public sealed class TranscodingTests
{
    private static readonly string[] Encodings = ["utf8", "utf16", "latin1+utf16"];

    private static readonly string[] Texts =
    [
        "", "a", "abcdef", "é", "abé", "éab", "ÿÿÿÿ", "€", "ab€", "é€", "a😀", "😀", "日本語のテキスト", "abcdefghijklmnopqrstuvwxyzé", "aé€😀z", "\0",
    ];

    public static TheoryData<string, string> Pairs => new(
        from source in Encodings from target in Encodings select (source, target));

    [Theory]
    [MemberData(nameof(Pairs))]
    public void The_calls_of_realloc_are_those_of_wasmtime(string source, string target)
    {
        var component = Component(source, target);
        foreach (var text in Texts)
        {
            using var guest = new RunningGuest(component);
            using var peer = new OracleGuest(component);
            guest.Call("run", ComponentValue.String(text));
            peer.Call("run", Oracle.ComponentValue.String(text));
            var ours = Calls((name, argument) => guest.Call(name, argument is { } index ? [ComponentValue.U32(index)] : [])!.Value.AsU32);
            var theirs = Calls((name, argument) =>
                uint.Parse(peer.Call(name, argument is { } index ? [Oracle.ComponentValue.U32(index)] : [])!.ToString()!, null));
            Assert.True(theirs.SequenceEqual(ours), $"'{text}': {string.Join(' ', ours)} instead of {string.Join(' ', theirs)}");
            Assert.Equal(ComponentValue.String(text), guest.Call("text"));
        }
    }

    /// <summary>By the letter of the specification: old size, alignment, new size of each call.</summary>
    [Theory]
    [InlineData("utf8", "utf8", "aé", "0 1 3")]
    [InlineData("utf16", "utf8", "ab", "0 1 2")]
    [InlineData("utf16", "utf8", "aé", "0 1 2,2 1 6,6 1 3")]
    [InlineData("utf16", "utf8", "€€", "0 1 2,2 1 6")]
    [InlineData("latin1+utf16", "utf8", "aé", "0 1 2,2 1 4,4 1 3")]
    [InlineData("latin1+utf16", "utf8", "éé", "0 1 2,2 1 4")]
    [InlineData("latin1+utf16", "utf8", "a€", "0 1 2,2 1 6,6 1 4")]
    [InlineData("utf8", "utf16", "ab", "0 2 4")]
    [InlineData("utf8", "utf16", "aé", "0 2 6,6 2 4")]
    [InlineData("latin1+utf16", "utf16", "aé", "0 2 4")]
    [InlineData("utf8", "latin1+utf16", "ab", "0 2 2")]
    [InlineData("utf8", "latin1+utf16", "aé", "0 2 3,3 2 2")]
    [InlineData("utf8", "latin1+utf16", "a€", "0 2 4,4 2 8,8 2 4")]
    [InlineData("utf16", "latin1+utf16", "a€", "0 2 2,2 2 4")]
    [InlineData("latin1+utf16", "latin1+utf16", "aé", "0 2 2")]
    [InlineData("latin1+utf16", "latin1+utf16", "a€", "0 2 4")]
    public void The_calls_of_realloc_are_those_of_the_specification(string source, string target, string text, string expected)
    {
        using var guest = new RunningGuest(Component(source, target));
        guest.Call("run", ComponentValue.String(text));
        Assert.Equal(expected, Sizes(guest));
        Assert.Equal(ComponentValue.String(text), guest.Call("text"));
    }

    [Theory]
    [InlineData("utf8", "0 1 2,2 1 6,6 1 3", "aé")]
    [InlineData("utf16", "0 2 4", "aé")]
    [InlineData("latin1+utf16", "0 2 4,4 1 2", "aé")]
    public void A_string_that_is_tagged_without_need_is_deflated(string target, string expected, string text)
    {
        using var guest = new RunningGuest(Component("latin1+utf16", target));
        guest.Call("run-tagged");
        Assert.Equal(expected, Sizes(guest));
        Assert.Equal(ComponentValue.String(text), guest.Call("text"));
    }

    private static string Sizes(RunningGuest guest) => string.Join(',', Calls((name, argument) =>
            guest.Call(name, argument is { } index ? [ComponentValue.U32(index)] : [])!.Value.AsU32)
        .Chunk(4).Select(call => $"{call[1]} {call[2]} {call[3]}"));

    private static List<uint> Calls(Func<string, uint?, uint> call) =>
        [.. Enumerable.Range(0, (int)call("calls", null) * 4).Select(index => call("call", (uint)index))];

    // B keeps the arguments of each call of its realloc, four words each, in a memory of its own; and the string that came.
    private static string Component(string source, string target) => $"""
        (component
          (component $B
            (core module $m
              (memory (export "memory") 2)
              (global $next (mut i32) (i32.const 4096))
              (global $calls (mut i32) (i32.const 0))
              (func (export "realloc") (param $old i32) (param $size i32) (param $align i32) (param $new i32) (result i32)
                (local $log i32)
                (local.set $log (i32.add (i32.const 65536) (i32.mul (global.get $calls) (i32.const 16))))
                (i32.store (local.get $log) (local.get $old))
                (i32.store offset=4 (local.get $log) (local.get $size))
                (i32.store offset=8 (local.get $log) (local.get $align))
                (i32.store offset=12 (local.get $log) (local.get $new))
                (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
                (global.set $next (i32.add (global.get $next) (i32.const 512)))
                (memory.copy (global.get $next) (local.get $old)
                  (select (local.get $size) (local.get $new) (i32.lt_u (local.get $size) (local.get $new))))
                (global.get $next))
              (func (export "f") (param i32 i32) (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)))
              (func (export "text") (result i32) (i32.const 16))
              (func (export "calls") (result i32) (global.get $calls))
              (func (export "call") (param i32) (result i32) (i32.load offset=65536 (i32.mul (local.get 0) (i32.const 4)))))
            (core instance $i (instantiate $m))
            (alias core export $i "memory" (core memory $mem))
            (func (export "f") (param "s" string) (canon lift (core func $i "f") (memory $mem) (realloc (core func $i "realloc")) string-encoding={target}))
            (func (export "text") (result string) (canon lift (core func $i "text") (memory $mem) string-encoding={target}))
            (func (export "calls") (result u32) (canon lift (core func $i "calls")))
            (func (export "call") (param "index" u32) (result u32) (canon lift (core func $i "call"))))
          (component $A
            (import "f" (func $f (param "s" string)))
            {Parts.Libc}
            (core instance $libc (instantiate $libc))
            (alias core export $libc "memory" (core memory $mem))
            (alias core export $libc "realloc" (core func $realloc))
            (core func $lowered (canon lower (func $f) (memory $mem) string-encoding={source}))
            (core module $m
              (import "" "memory" (memory 1))
              (import "" "f" (func $f (param i32 i32)))
              (data (i32.const 64) "a\00\e9\00")
              (func (export "run") (param i32 i32) (call $f (local.get 0) (local.get 1)))
              (func (export "run-tagged") (call $f (i32.const 64) (i32.const 0x80000002))))
            (core instance $i (instantiate $m (with "" (instance (export "memory" (memory $mem)) (export "f" (func $lowered))))))
            (func (export "run") (param "s" string) (canon lift (core func $i "run") (memory $mem) (realloc $realloc) string-encoding={source}))
            (func (export "run-tagged") (canon lift (core func $i "run-tagged"))))
          (instance $b (instantiate $B))
          (instance $a (instantiate $A (with "f" (func $b "f"))))
          (export "run" (func $a "run"))
          (export "run-tagged" (func $a "run-tagged"))
          (export "text" (func $b "text"))
          (export "calls" (func $b "calls"))
          (export "call" (func $b "call")))
        """;
}
