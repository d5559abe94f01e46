using System.Text;

namespace Skiff.Engine.Tests;

public sealed class ComponentTests : IDisposable
{
    private readonly WasmEngine _engine = new();

    public void Dispose() => _engine.Dispose();

    [Theory]
    [InlineData("u32", "i32", "(i32.const 4000000000)", "4000000000")]
    [InlineData("s8", "i32", "(i32.const -3)", "-3")]
    [InlineData("u64", "i64", "(i64.const -1)", "18446744073709551615")]
    [InlineData("f32", "f32", "(f32.const 1.5)", "1.5")]
    [InlineData("bool", "i32", "(i32.const 1)", "true")]
    [InlineData("char", "i32", "(i32.const 0x1F600)", "😀")]
    [InlineData("string", "i32", "(i32.const 0)", "héllo")]
    [InlineData("(list u8)", "i32", "(i32.const 0)", "<list>")]
    public void A_function_returns_what_its_type_says(string type, string core, string value, string expected)
    {
        using var component = Load($"""
            (component
              (core module $m
                (memory (export "memory") 1)
                (data (i32.const 0) "\08\00\00\00\06\00\00\00h\c3\a9llo")
                (func (export "f") (result {core}) {value}))
              (core instance $i (instantiate $m))
              (alias core export $i "memory" (core memory $memory))
              (func (export "f") (result {type}) (canon lift (core func $i "f") (memory $memory))))
            """);
        Assert.Null(Call(component, ["f"], out var result));
        Assert.Equal(new ComponentResult(false, expected), result);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void The_error_side_of_a_result_is_told_apart(int discriminant, bool isError)
    {
        using var component = Load($"""
            (component
              (core module $m (func (export "f") (result i32) (i32.const {discriminant})))
              (core instance $i (instantiate $m))
              (func $f (result (result)) (canon lift (core func $i "f")))
              (instance $inner (export "run" (func $f)))
              (export "wasi:cli/run@0.2.0" (instance $inner)))
            """);
        Assert.Null(Call(component, ["wasi:cli/run@0.2.0", "run"], out var result));
        Assert.Equal(isError, result.IsError);
    }

    [Fact]
    public void A_trap_in_a_component_has_a_backtrace()
    {
        using var component = Load("""
            (component
              (core module $m (func $deep unreachable) (func (export "f") (call $deep)))
              (core instance $i (instantiate $m))
              (func (export "f") (canon lift (core func $i "f"))))
            """);
        var end = Call(component, ["f"], out _);
        Assert.Equal("deep", end!.Trap!.Backtrace[0].Function);
    }

    [Fact]
    public void Types_are_written_as_in_wit()
    {
        using var component = Load("""
            (component
              (import "a:b/c@1.0.0" (instance
                (export "r" (type $r (sub resource)))
                (export "f" (func (param "x" (list u8)) (param "y" (option (tuple u8 string))) (result (result (own $r) (error string))))))))
            """);
        var instance = Assert.Single(component.Imports);
        Assert.Equal("a:b/c@1.0.0", instance.Name);
        Assert.Equal(
            ["resource", "func(x: list<u8>, y: option<tuple<u8, string>>) -> result<own, string>"],
            instance.Items.Select(item => item.Type));
    }

    [Fact]
    public void A_function_that_is_not_there_is_named()
    {
        using var component = Load("(component)");
        var fault = Assert.Throws<EngineException>(() => Call(component, ["a", "b"], out _));
        Assert.Contains("a#b", fault.Message, StringComparison.Ordinal);
    }

    private CallEnd? Call(CompiledComponent component, string[] path, out ComponentResult result)
    {
        using var store = new WasmStore(_engine);
        using var linker = new ComponentLinker(_engine);
        return linker.Instantiate(store, component, out _)!.Call(path, out result);
    }

    private CompiledComponent Load(string text)
    {
        using var code = _engine.Compile(WasmEngine.FromText(Encoding.UTF8.GetBytes(text)), component: true);
        return CompiledComponent.Load(_engine, code.Bytes);
    }
}
