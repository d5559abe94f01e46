using System.Text;

namespace Skiff.Engine.Tests;

public sealed class ModuleTests : IDisposable
{
    private readonly WasmEngine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Fact]
    public void A_function_takes_and_returns_values()
    {
        using var guest = new TestModule(_engine, """(module (func (export "add") (param i32 i64) (result i64) (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1))))""");
        Assert.Null(guest.Call("add", [-2, 1L << 40], out var result));
        Assert.Equal((1L << 40) - 2, result.I64);
    }

    [Fact]
    public void Imports_and_exports_are_described_as_people_write_them()
    {
        using var module = Load("""
            (module
              (import "a" "f" (func (param i32 f64) (result i64)))
              (import "a" "g" (global (mut f32)))
              (memory (export "m") 1 5)
              (func (export "e")))
            """);
        Assert.Equal(["func (i32, f64) -> i64", "global mut f32"], module.Imports.Select(import => import.Type));
        Assert.Equal(new MemoryLimits(1, 5), module.FindExport("m")!.Memory);
        Assert.Equal("func ()", module.FindExport("e")!.Type);
        Assert.Null(module.FindExport("x"));
    }

    [Fact]
    public void A_trap_tells_what_happened_and_where()
    {
        using var guest = new TestModule(_engine, """(module $m (func $inner unreachable) (func $outer (call $inner)) (func (export "run") (call $outer)))""");
        var end = guest.Call("run");
        Assert.Null(end!.ExitStatus);
        Assert.Contains("unreachable", end.Trap!.Message, StringComparison.Ordinal);
        Assert.Equal(["inner", "outer", null], end.Trap.Backtrace.Select(frame => frame.Function));
        Assert.All(end.Trap.Backtrace, frame => Assert.Equal("m", frame.Module));
        Assert.Contains("at m!inner (+0x", end.Trap.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Endless_recursion_is_a_trap_with_a_short_text()
    {
        using var guest = new TestModule(_engine, """(module (func $f (export "run") (call $f)))""");
        var trap = OnLargeStack(() => guest.Call("run"))!.Trap!;
        Assert.Contains("stack", trap.Message, StringComparison.Ordinal);
        Assert.InRange(trap.ToString().Count(character => character == '\n'), 10, 40);
    }

    [Fact]
    public void Memory_grows_up_to_its_limit_and_not_beyond()
    {
        using var guest = new TestModule(
            _engine,
            """(module (memory (export "memory") 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))""",
            new StoreLimits { MemoryBytes = 4 << 16 });
        Assert.Null(guest.Call("grow", [3], out var allowed));
        Assert.Null(guest.Call("grow", [1], out var refused));
        Assert.Equal((1, -1), (allowed.I32, refused.I32));
        Assert.Equal(4 << 16, (int)guest.Instance.FindMemory("memory")!.Value.Length);
    }

    [Fact]
    public void A_module_that_starts_beyond_its_limit_is_not_instantiated()
    {
        using var store = new WasmStore(_engine, new StoreLimits { MemoryBytes = 1 << 16 });
        using var module = Load("(module (memory 2))");
        using var linker = new ModuleLinker(_engine);
        using var linked = linker.Link(module);
        Assert.Null(linked.Instantiate(store, out var end));
        Assert.NotNull(end!.Trap);
    }

    [Fact]
    public void A_host_function_reads_arguments_and_memory_and_returns()
    {
        var seen = "";
        using var guest = new TestModule(
            _engine,
            """
            (module
              (import "host" "f" (func $f (param i32 i64) (result i32)))
              (memory (export "memory") 1)
              (data (i32.const 8) "text")
              (func (export "run") (result i32) (call $f (i32.const 8) (i64.const 4))))
            """,
            link: linker => linker.DefineFunction("host", "f", new FunctionType([ValueKind.I32, ValueKind.I64], [ValueKind.I32]), (ref HostCall call) =>
            {
                seen = Encoding.UTF8.GetString(call.Memory().Slice(call.U32(0), (uint)call.I64(1)));
                call.Return(7);
            }));
        Assert.Null(guest.Call("run", [], out var result));
        Assert.Equal(("text", 7), (seen, result.I32));
    }

    [Fact]
    public void What_a_host_function_throws_ends_the_guest_and_not_the_process()
    {
        using var guest = new TestModule(
            _engine,
            """(module (import "host" "f" (func $f)) (func (export "run") (call $f)))""",
            link: linker => linker.DefineFunction("host", "f", new FunctionType([], []), (ref HostCall _) => throw new InvalidOperationException("broken")));
        Assert.Contains("broken", guest.Call("run")!.Trap!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Code_survives_the_way_over_the_disk()
    {
        var path = Path.GetTempFileName();
        try
        {
            using (var code = _engine.Compile(WasmEngine.FromText("""(module (func (export "run") (result i32) (i32.const 5)))"""u8)))
            {
                File.WriteAllBytes(path, code.Bytes);
            }

            using var module = CompiledModule.Map(_engine, path);
            Assert.Equal("run", Assert.Single(module.Exports).Name);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Damaged_code_is_refused()
    {
        using var code = _engine.Compile(WasmEngine.FromText("(module)"u8));
        var damaged = code.Bytes.ToArray();
        Assert.Throws<EngineException>(() => CompiledModule.Load(_engine, damaged.AsSpan(0, damaged.Length / 2)));
        Assert.Throws<EngineException>(() => CompiledModule.Load(_engine, "no code"u8));
    }

    [Theory]
    [InlineData("0x10", ValueKind.I32, 16L)]
    [InlineData("4294967295", ValueKind.I32, -1L)]
    [InlineData("-1", ValueKind.I64, -1L)]
    [InlineData("18446744073709551615", ValueKind.I64, -1L)]
    public void Numbers_are_read_as_people_type_them(string text, ValueKind kind, long bits)
    {
        Assert.True(WasmValue.TryParse(text, kind, out var value));
        Assert.Equal(bits, value.Bits);
    }

    [Theory]
    [InlineData("4294967296", ValueKind.I32)]
    [InlineData("-2147483649", ValueKind.I32)]
    [InlineData("1.5", ValueKind.I64)]
    [InlineData("", ValueKind.F64)]
    [InlineData("1", ValueKind.Other)]
    public void What_does_not_fit_is_not_read(string text, ValueKind kind) => Assert.False(WasmValue.TryParse(text, kind, out _));

    private CompiledModule Load(string text) => TestModule.Load(_engine, text);

    private static T OnLargeStack<T>(Func<T> work)
    {
        T result = default!;
        var thread = new Thread(() => result = work(), WasmEngine.StackBytesDefault + WasmEngine.StackBytesBeyond);
        thread.Start();
        thread.Join();
        return result;
    }
}
