using System.Text;

namespace Skiff.Engine.Tests;

public sealed class HostileModuleTests : IDisposable
{
    private const string Text = """
        (module $name
          (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1 4)
          (table 2 funcref)
          (elem (i32.const 0) $f $g)
          (data (i32.const 16) "some data")
          (global $count (mut i64) (i64.const 3))
          (func $f (param i32) (result i32) (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2))))
          (func $g (export "_start") (drop (call $f (i32.const 1)))))
        """;

    private readonly WasmEngine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Fact]
    public void A_module_cut_anywhere_is_refused_or_whole()
    {
        var wasm = WasmEngine.FromText(Encoding.UTF8.GetBytes(Text));
        for (var length = 0; length < wasm.Length; length++)
        {
            CompileOrRefuse(wasm.AsSpan(0, length), $"length {length}");
        }
    }

    [Fact]
    public void Random_changes_never_do_more_than_be_refused()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var wasm = WasmEngine.FromText(Encoding.UTF8.GetBytes(Text));
        for (var round = 0; round < 400; round++)
        {
            var changed = wasm.ToArray();
            for (var i = random.Next(1, 6); i > 0; i--)
            {
                // The preamble stays, so that the rest is looked at.
                changed[random.Next(8, changed.Length)] = (byte)random.Next(256);
            }

            CompileOrRefuse(changed, $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void Random_bytes_behind_a_preamble_are_refused()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var bytes = new byte[random.Next(8, 400)];
            random.NextBytes(bytes);
            byte[] preamble = round % 2 == 0 ? [0, (byte)'a', (byte)'s', (byte)'m', 1, 0, 0, 0] : [0, (byte)'a', (byte)'s', (byte)'m', 13, 0, 1, 0];
            preamble.CopyTo(bytes, 0);
            CompileOrRefuse(bytes, $"seed {seed}, round {round}");
        }
    }

    [Theory]
    [InlineData("(module")]
    [InlineData("(module (func (unknown)))")]
    [InlineData("(component (import \"a\" (func (param \"x\" undefined))))")]
    [InlineData("")]
    public void Text_with_an_error_is_refused_with_its_place(string text)
    {
        var fault = Record.Exception(() => WasmEngine.FromText(Encoding.UTF8.GetBytes(text)));
        Assert.True(fault is null or EngineException, fault?.ToString());
    }

    [Fact]
    public void Text_that_is_not_utf8_is_refused() =>
        Assert.Throws<EngineException>(() => WasmEngine.FromText([(byte)'(', 0xff, 0xfe]));

    [Fact]
    public void Deeply_nested_text_is_refused_without_ending_the_process()
    {
        var text = string.Concat(Enumerable.Repeat("(block ", 100_000));
        Assert.Throws<EngineException>(() => WasmEngine.FromText(Encoding.UTF8.GetBytes($"(module (func {text}")));
    }

    private void CompileOrRefuse(ReadOnlySpan<byte> wasm, string what)
    {
        try
        {
            _engine.Compile(wasm).Dispose();
        }
        catch (EngineException fault)
        {
            Assert.False(string.IsNullOrWhiteSpace(fault.Message), what);
        }
    }
}
