using Skiff.Components.Linking;

namespace Skiff.Components.Tests.Linking;

/// <summary>Asynchronous components (WASI 0.3) are read and linked; what they would need is refused when it is used.</summary>
public sealed class AsyncTests
{
    [Theory]
    [InlineData("(canon task.cancel)", "task.cancel")]
    [InlineData("(canon subtask.cancel)", "subtask.cancel")]
    [InlineData("(canon subtask.cancel async)", "subtask.cancel")]
    [InlineData("(canon backpressure.inc)", "backpressure.inc")]
    [InlineData("(canon backpressure.dec)", "backpressure.dec")]
    [InlineData("(canon task.return)", "task.return")]
    [InlineData("(canon task.return (result u32))", "task.return")]
    [InlineData("(canon context.get i32 0)", "context.get")]
    [InlineData("(canon context.set i32 0)", "context.set")]
    [InlineData("(canon thread.yield)", "thread.yield")]
    [InlineData("(canon subtask.drop)", "subtask.drop")]
    [InlineData("(canon stream.new $s)", "stream.new")]
    [InlineData("(canon stream.read $s async)", "stream.read")]
    [InlineData("(canon stream.write $s async)", "stream.write")]
    [InlineData("(canon stream.cancel-read $s)", "stream.cancel-read")]
    [InlineData("(canon stream.cancel-write $s async)", "stream.cancel-write")]
    [InlineData("(canon stream.drop-readable $s)", "stream.drop-readable")]
    [InlineData("(canon stream.drop-writable $s)", "stream.drop-writable")]
    [InlineData("(canon future.new $f)", "future.new")]
    [InlineData("(canon future.read $f async)", "future.read")]
    [InlineData("(canon future.write $f async)", "future.write")]
    [InlineData("(canon future.cancel-read $f)", "future.cancel-read")]
    [InlineData("(canon future.cancel-write $f)", "future.cancel-write")]
    [InlineData("(canon future.drop-readable $f)", "future.drop-readable")]
    [InlineData("(canon future.drop-writable $f)", "future.drop-writable")]
    [InlineData("(canon error-context.drop)", "error-context.drop")]
    [InlineData("(canon waitable-set.new)", "waitable-set.new")]
    [InlineData("(canon waitable-set.wait (memory $m))", "waitable-set.wait")]
    [InlineData("(canon waitable-set.poll (memory $m))", "waitable-set.poll")]
    [InlineData("(canon waitable-set.drop)", "waitable-set.drop")]
    [InlineData("(canon waitable.join)", "waitable.join")]
    [InlineData("(canon thread.index)", "thread.index")]
    [InlineData("(canon lower (func $async) async)", "canon lower async")]
    public void A_built_in_of_asynchronous_components_is_a_trampoline_that_refuses(string canon, string name)
    {
        var plan = ComponentText.Link($"""
            (component
              (type $s (stream u8))
              (type $f (future u8))
              (import "async" (func $async))
              (core module $memory (memory (export "m") 1))
              (core instance $memory (instantiate $memory))
              (alias core export $memory "m" (core memory $m))
              (core func $x {canon})
              (core module $n (import "" "x" (func (param i32 i64) (result f32))))
              (core instance (instantiate $n (with "" (instance (export "x" (func $x)))))))
            """);
        var builtin = Assert.IsType<UnsupportedBuiltin>(Assert.Single(plan.Trampolines));
        Assert.Equal(name, builtin.Name);
        Assert.Contains($"'{name}'", builtin.Message);
        Assert.Contains("WASI 0.3", builtin.Message);

        // What the importing module takes it for; its type in the specification would need more than we know.
        Assert.Equal("(i32, i64) -> (f32)", builtin.FunctionType!.ToString());
    }

    [Fact]
    public void A_built_in_that_nobody_imports_is_not_in_the_plan() =>
        Assert.Empty(ComponentText.Link("(component (core func (canon task.cancel)))").Trampolines);

    [Fact]
    public void A_built_in_is_imported_as_one_type_only() => Assert.Contains("'task.cancel' is imported as something that it is not", ComponentText.Refusal("""
        (component
          (core func $x (canon task.cancel))
          (core module $a (import "" "x" (func)))
          (core module $b (import "" "x" (func (param i32))))
          (core instance (instantiate $a (with "" (instance (export "x" (func $x))))))
          (core instance (instantiate $b (with "" (instance (export "x" (func $x)))))))
        """));

    [Fact]
    public void A_built_in_is_no_target_of_a_lift() => Assert.Contains("is a built-in", ComponentText.Refusal("""
        (component (core func $x (canon task.cancel)) (func (export "f") (canon lift (core func $x))))
        """));

    [Fact]
    public void An_asynchronous_lift_is_kept_and_marked()
    {
        var plan = ComponentText.Link("""
            (component
              (core module $m (func (export "f") (result i32) unreachable) (func (export "cb") (param i32 i32 i32) (result i32) unreachable))
              (core instance $m (instantiate $m))
              (func (export "f") async (canon lift (core func $m "f") async (callback (core func $m "cb")))))
            """);
        Assert.True(Assert.Single(plan.LiftedFunctions).Options.IsAsync);
        Assert.True(plan.LiftedFunctions[0].Type.IsAsync);
    }

    [Fact]
    public void A_value_or_a_start_function_is_refused()
    {
        // (value 0 of type u8 = 1) and (start function 0 with no arguments); the text format has neither.
        Assert.Contains("has a value", Assert.Throws<ComponentException>(() => Component.Parse(Section(12, [1, 0x7d, 1, 1]))).Message);
        Assert.Contains("has a start function", Assert.Throws<ComponentException>(() => Component.Parse(Section(9, [0, 0, 0]))).Message);

        static byte[] Section(byte id, byte[] contents) =>
            [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, id, (byte)contents.Length, .. contents];
    }
}
