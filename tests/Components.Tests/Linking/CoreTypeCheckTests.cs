namespace Skiff.Components.Tests.Linking;

/// <summary>
/// What is called without the engine's own checks has the core type that CanonicalABI.md, "Flattening", gives it: with another one the
/// call would write past its arguments in the host.
/// </summary>
public sealed class CoreTypeCheckTests
{
    private const string Good = """(func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable) (memory (export "memory") 1)""";

    [Theory]
    [InlineData("(func)", "(func (export \"f\"))")]
    [InlineData("(func (param \"a\" u8) (result u64))", "(func (export \"f\") (param i32) (result i64) unreachable)")]
    [InlineData("(func (param \"a\" f32) (param \"b\" f64))", "(func (export \"f\") (param f32 f64))")]
    [InlineData("(func (param \"a\" string))", "(func (export \"f\") (param i32 i32))")]
    [InlineData("(func (result string))", "(func (export \"f\") (result i32) unreachable)")]
    [InlineData("(func (result (tuple u8 u8)))", "(func (export \"f\") (result i32) unreachable)")]
    [InlineData("(func (param \"a\" (tuple u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64)))",
        "(func (export \"f\") (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64))")]
    [InlineData("(func (param \"a\" (tuple u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64)))",
        "(func (export \"f\") (param i32))")]
    public void The_target_of_a_lift_has_the_flattened_type(string type, string function)
    {
        ComponentText.Link(Lift(type, function));
        foreach (var wrong in new[]
        {
            "(func (export \"f\") (param i32 i32 i32))", "(func (export \"f\") (result f64) unreachable)",
            "(func (export \"f\") (param externref))", "(func (export \"f\") (param v128))",
        })
        {
            Assert.Contains("the core function of a lifted function has the core type", ComponentText.Refusal(Lift(type, wrong)));
        }

        static string Lift(string type, string function) => $"""
            (component
              (core module $m {Good} {function})
              (core instance $i (instantiate $m))
              (func (export "f") {type[5..^1]} (canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
            """;
    }

    [Theory]
    [InlineData("(param i32 i32 i32 i32) (result i32)", true)]
    [InlineData("(param i32 i32 i32) (result i32)", false)]
    [InlineData("(param i32 i32 i32 i64) (result i32)", false)]
    [InlineData("(param i32 i32 i32 i32) (result i64)", false)]
    [InlineData("(param i32 i32 i32 i32)", false)]
    public void A_realloc_function_has_its_type(string type, bool isRight) => Check(isRight, "a realloc function", $"""
        (component
          (core module $m (memory (export "memory") 1) (func (export "f") (param i32 i32)) (func (export "realloc") {type} unreachable))
          (core instance $i (instantiate $m))
          (func (export "f") (param "a" string) (canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
        """);

    [Theory]
    [InlineData("(param i32)", true)]
    [InlineData("", false)]
    [InlineData("(param i64)", false)]
    [InlineData("(param i32) (result i32)", false)]
    public void A_post_return_function_takes_what_the_function_returned(string type, bool isRight) => Check(isRight, "a post-return function", $"""
        (component
          (core module $m (memory (export "memory") 1) (func (export "f") (result i32) unreachable) (func (export "p") {type} unreachable))
          (core instance $i (instantiate $m))
          (func (export "f") (result string) (canon lift (core func $i "f") (memory (core memory $i "memory")) (post-return (core func $i "p")))))
        """);

    [Theory]
    [InlineData("(param i32)", true)]
    [InlineData("", false)]
    [InlineData("(param i64)", false)]
    [InlineData("(param i32) (result i32)", false)]
    public void A_destructor_takes_a_representation(string type, bool isRight) => Check(isRight, "the destructor of a resource", $"""
        (component
          (core module $m (func (export "d") {type} unreachable))
          (core instance $i (instantiate $m))
          (type $r (resource (rep i32) (dtor (core func $i "d"))))
          (export "r" (type $r)))
        """);

    [Theory]
    [InlineData("(param \"a\" string)", "(param i32 i32)", "", "no memory")]
    [InlineData("(param \"a\" string)", "(param i32 i32)", "(memory (core memory $i \"memory\"))", "no realloc")]
    [InlineData("(param \"a\" (list u8))", "(param i32 i32)", "(memory (core memory $i \"memory\"))", "no realloc")]
    [InlineData("(param \"a\" (list u32 20))", "(param i32)", "", "no memory")]
    [InlineData("(param \"a\" (list u32 20))", "(param i32)", "(memory (core memory $i \"memory\"))", "no realloc")]
    [InlineData("(result string)", "(result i32)", "", "no memory")]
    [InlineData("(result (tuple u8 u8))", "(result i32)", "", "no memory")]
    public void A_lift_has_what_its_type_needs(string type, string core, string options, string reason)
    {
        var text = $"""
            (component
              (core module $m {Good} (func (export "f") {core} unreachable))
              (core instance $i (instantiate $m))
              (func (export "f") {type} (canon lift (core func $i "f") OPTIONS)))
            """;
        Assert.Contains(reason, ComponentText.Refusal(text.Replace("OPTIONS", options, StringComparison.Ordinal)));
        ComponentText.Link(text.Replace("OPTIONS", "(memory (core memory $i \"memory\")) (realloc (core func $i \"realloc\"))", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("(param \"a\" string)", "", "no memory")]
    [InlineData("(param \"a\" string)", "(memory (core memory $i \"memory\"))", null)]
    [InlineData("(result (tuple u8 u8))", "", "no memory")]
    [InlineData("(result (tuple u8 u8))", "(memory (core memory $i \"memory\"))", null)]
    [InlineData("(result string)", "(memory (core memory $i \"memory\"))", "no realloc")]
    [InlineData("(result string)", "(memory (core memory $i \"memory\")) (realloc (core func $i \"realloc\"))", null)]
    [InlineData("(param \"a\" u8) (result u8)", "", null)]
    [InlineData("(param \"a\" u8)", "(realloc (core func $i \"realloc\"))", "no memory")]
    public void A_lower_has_what_its_type_needs(string type, string options, string? reason) => Check(reason is null, reason ?? "", $"""
        (component
          (import "f" (func $f {type}))
          (core module $m {Good})
          (core instance $i (instantiate $m))
          (core func (canon lower (func $f) {options})))
        """);

    [Theory]
    [InlineData("(memory (export \"memory\") i64 1)", "memory64")]
    [InlineData("(memory (export \"memory\") 1 1 shared)", "shared memory")]
    public void Only_plain_memories_serve(string memory, string reason) => Assert.Contains(reason, ComponentText.Refusal($"""
        (component
          (core module $m {memory} (func (export "f")))
          (core instance $i (instantiate $m))
          (func (export "f") (canon lift (core func $i "f") (memory (core memory $i "memory")))))
        """));

    [Theory]
    [InlineData("(func (param i32))", "(func (param i32))", true)]
    [InlineData("(func (param i32))", "(func (param i64))", false)]
    [InlineData("(func)", "(func (result i32))", false)]
    [InlineData("(func)", "(memory 1)", false)]
    [InlineData("(memory 1)", "(memory 1)", true)]
    [InlineData("(table 1 funcref)", "(table 1 funcref)", true)]
    [InlineData("(table 1 funcref)", "(global i32)", false)]
    [InlineData("(global i32)", "(global i32)", true)]
    [InlineData("(tag)", "(tag)", true)]
    public void An_import_of_a_core_module_is_given_its_kind(string given, string wanted, bool isRight)
    {
        var definition = given.Replace("(result i32))", "(result i32) unreachable)", StringComparison.Ordinal)
            .Replace("(global i32)", "(global i32 (i32.const 0))", StringComparison.Ordinal);
        Check(isRight, "of a core module is", $"""
            (component
              (core module $m {definition.Insert(definition.IndexOf(' ', StringComparison.Ordinal) is var at and > 0 ? at : definition.Length - 1, " (export \"x\")")})
              (core instance $i (instantiate $m))
              (core module $n (import "" "x" {wanted}))
              (core instance (instantiate $n (with "" (instance $i)))))
            """);
    }

    [Fact]
    public void A_core_module_without_its_imports_is_refused()
    {
        Assert.Contains("without its import 'a' 'b'", ComponentText.Refusal("""
            (component (core module $m (import "a" "b" (func))) (core instance (instantiate $m)))
            """));
        Assert.Contains("without its import 'a' 'b'", ComponentText.Refusal("""
            (component (core module $m (import "a" "b" (func)))
              (core instance $e) (core instance (instantiate $m (with "a" (instance $e)))))
            """));
    }

    private static void Check(bool isRight, string reason, string text)
    {
        if (isRight)
        {
            ComponentText.Link(text);
        }
        else
        {
            Assert.Contains(reason, ComponentText.Refusal(text));
        }
    }
}
