using Skiff.Components.Abi;
using Skiff.Components.Host;
using Skiff.Components.Types;
using Oracle = Wasmtime.Components;

namespace Skiff.Components.Tests.Running;

/// <summary>Random types and values through every path of the interpreter; each must come back as it went. The seed is in the test's name.</summary>
public sealed class FuzzedAbiTests
{
    private const int ValuesPerType = 8;
    private static readonly string[] Encodings = ["utf8", "utf16", "latin1+utf16"];

    public static TheoryData<int> Seeds => new(Enumerable.Range(0, 60));

    /// <summary>Spilled parameters and results: host → memory of A → memory of B → memory of A → host.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void What_is_stored_is_loaded_again_through_two_guests(int seed)
    {
        var random = new Random(seed);
        var types = new RandomTypes(random);
        var (type, text) = types.Next();
        var padding = string.Join(' ', Enumerable.Repeat("u64", 17));
        var signature = $"(param \"p\" (tuple {text} {padding})) (result (tuple {text} u64))";
        var (a, b) = (Options(random), Options(random));
        using var guest = new RunningGuest($"""
            (component
              (component $B
                {types.Definitions(export: false)}
                {Memory()}
                (core module $m (func (export "echo") (param i32) (result i32) local.get 0))
                (core instance $i (instantiate $m))
                (func (export "f") {signature} (canon lift (core func $i "echo") {b})))
              (component $A
                {types.Definitions(export: false)}
                (import "f" (func $f {signature}))
                {Memory()}
                (core func $lowered (canon lower (func $f) {a}))
                (core module $m
                  (import "" "f" (func $f (param i32 i32)))
                  (func (export "run") (param i32) (result i32) (call $f (local.get 0) (i32.const 16)) (i32.const 16)))
                (core instance $i (instantiate $m (with "" (instance (export "f" (func $lowered))))))
                (func (export "run") {signature} (canon lift (core func $i "run") {a})))
              (instance $b (instantiate $B))
              (instance $a (instantiate $A (with "f" (func $b "f"))))
              (export "run" (func $a "run")))
            """);
        for (var i = 0; i < ValuesPerType; i++)
        {
            var value = types.Value(type);
            var result = guest.Call("run", ComponentValue.Record(
                [value, .. Enumerable.Range(0, 17).Select(n => ComponentValue.U64((ulong)(seed + n)))]))!.Value;
            Assert.Equal(ComponentValue.Record(value, ComponentValue.U64((ulong)seed)), result);
        }
    }

    /// <summary>Flat parameters: host → A → B → host, each lifted function being the lowered function of the next.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void What_is_lowered_flat_is_lifted_again_through_two_guests(int seed)
    {
        var random = new Random(seed);
        var types = new RandomTypes(random);
        var (type, text) = types.Next();
        ComponentValue? seen = null;
        var host = new HostInterfaces().Add(new HostInterface("", [new HostFunctionDefinition("sink", null, (_, arguments) =>
        {
            seen = arguments[0];
            return null;
        })], []));
        var signature = $"(param \"p\" {text})";
        string Inner(string name, string options) => $"""
            (component ${name}
              {types.Definitions(export: false)}
              (import "f" (func $f {signature}))
              {Memory()}
              (core func $lowered (canon lower (func $f) {options}))
              (func (export "run") {signature} (canon lift (core func $lowered) {options})))
            """;
        using var guest = new RunningGuest($"""
            (component
              {types.Definitions(export: false)}
              (import "sink" (func $sink {signature}))
              {Inner("B", Options(random))}
              {Inner("A", Options(random))}
              (instance $b (instantiate $B (with "f" (func $sink))))
              (instance $a (instantiate $A (with "f" (func $b "run"))))
              (export "run" (func $a "run")))
            """, host);
        for (var i = 0; i < ValuesPerType; i++)
        {
            var value = types.Value(type);
            guest.Call("run", value);
            Assert.Equal(value, seen);
        }
    }

    /// <summary>The same component and values in Wasmtime's own component runtime.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Wasmtime_gives_the_same_results(int seed)
    {
        var random = new Random(seed);
        var types = new RandomTypes(random);
        var (type, text) = types.Next();
        var padding = string.Join(' ', Enumerable.Repeat("u64", 17));
        var component = $"""
            (component
              {types.Definitions(export: true)}
              {Memory()}
              (core module $m (func (export "echo") (param i32) (result i32) local.get 0))
              (core instance $i (instantiate $m))
              (func (export "run") (param "p" (tuple {text} {padding})) (result (tuple {text} u64))
                (canon lift (core func $i "echo") {Options(random)})))
            """;
        using var guest = new RunningGuest(component);
        using var peer = new OracleGuest(component);
        for (var i = 0; i < ValuesPerType; i++)
        {
            ComponentValue[] fields = [types.Value(type), .. Enumerable.Range(0, 17).Select(n => ComponentValue.U64((ulong)n))];
            var ours = guest.Call("run", ComponentValue.Record(fields))!.Value;
            var parameter = RecordType.Tuple([type, .. Enumerable.Repeat(PrimitiveType.U64, 17)]);
            var theirs = peer.Call("run", OracleGuest.Convert(parameter, ComponentValue.Record(fields)));
            Assert.Equal(OracleGuest.Convert(RecordType.Tuple(type, PrimitiveType.U64), ours).ToString(), theirs!.ToString());
        }
    }

    /// <summary>Random bytes as a value of a random type: both runtimes refuse, or both read the same.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Wasmtime_refuses_the_same_bytes(int seed)
    {
        var random = new Random(seed);
        var types = new RandomTypes(random);
        var (type, text) = types.Next();
        var component = $"""
            (component
              {types.Definitions(export: true)}
              (core module $m
                (memory (export "memory") 1)
                (func (export "poke") (param i32 i64) (i64.store (local.get 0) (local.get 1)))
                (func (export "lie") (param i32) (result i32) local.get 0))
              (core instance $i (instantiate $m))
              (alias core export $i "memory" (core memory $mem))
              (func (export "poke") (param "at" u32) (param "bits" u64) (canon lift (core func $i "poke")))
              (func (export "lie") (param "at" u32) (result (tuple {text} u64)) (canon lift (core func $i "lie") (memory $mem))))
            """;
        var result = RecordType.Tuple(type, PrimitiveType.U64);
        for (var i = 0; i < ValuesPerType; i++)
        {
            using var guest = new RunningGuest(component);
            using var peer = new OracleGuest(component);
            for (uint at = 0; at < Math.Min(result.Size + 64, 4096); at += 8)
            {
                // Small numbers, so that many pointers, lengths and discriminants are good; bytes of text in between.
                ulong bits = random.Next(4) switch
                {
                    0 => (ulong)random.Next(4),
                    1 => (ulong)random.NextInt64(64) + ((ulong)random.NextInt64(4) << 32),
                    2 => 0x6261_0000_0041_0001UL,
                    _ => (ulong)random.NextInt64() & 0x7fffffff_3fffffffUL,
                };
                guest.Call("poke", ComponentValue.U32(at), ComponentValue.U64(bits));
                peer.Call("poke", Oracle.ComponentValue.U32(at), Oracle.ComponentValue.U64(bits));
            }

            var ours = guest.Outcome("lie", ComponentValue.U32(0));
            var theirs = peer.TryCall("lie", Oracle.ComponentValue.U32(0));
            Assert.True(
                ours.End is null == theirs is not null,
                $"{type}: {ours.Value?.ToString() ?? ours.End!.Trap!.Message} against {theirs?.ToString() ?? peer.Failure}");
            if (theirs is not null)
            {
                Assert.Equal(OracleGuest.Convert(result, ours.Value!.Value).ToString(), theirs.ToString());
            }
        }
    }

    private static string Memory() => $"""
        {Parts.Libc}
        (core instance $libc (instantiate $libc))
        (alias core export $libc "memory" (core memory $mem))
        (alias core export $libc "realloc" (core func $realloc))
        """;

    private static string Options(Random random) => $"(memory $mem) (realloc $realloc) string-encoding={Encodings[random.Next(3)]}";
}
