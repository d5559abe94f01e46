using Skiff.Components.Types;

namespace Skiff.Components.Tests.Linking;

public sealed class TypeTests
{
    private const string Seventeen = "u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8";

    [Theory]
    [InlineData("bool", "bool", 1, 1, "i32")]
    [InlineData("s8", "s8", 1, 1, "i32")]
    [InlineData("u8", "u8", 1, 1, "i32")]
    [InlineData("s16", "s16", 2, 2, "i32")]
    [InlineData("u16", "u16", 2, 2, "i32")]
    [InlineData("s32", "s32", 4, 4, "i32")]
    [InlineData("u32", "u32", 4, 4, "i32")]
    [InlineData("s64", "s64", 8, 8, "i64")]
    [InlineData("u64", "u64", 8, 8, "i64")]
    [InlineData("f32", "f32", 4, 4, "f32")]
    [InlineData("f64", "f64", 8, 8, "f64")]
    [InlineData("char", "char", 4, 4, "i32")]
    [InlineData("string", "string", 8, 4, "i32 i32")]
    [InlineData("error-context", "error-context", 4, 4, "i32")]
    [InlineData("(list u64)", "list<u64>", 8, 4, "i32 i32")]
    [InlineData("(list u16 3)", "list<u16, 3>", 6, 2, "i32 i32 i32")]
    [InlineData("(option u64)", "option<u64>", 16, 8, "i32 i64")]
    [InlineData("(option bool)", "option<bool>", 2, 1, "i32 i32")]
    [InlineData("(result)", "result<_, _>", 1, 1, "i32")]
    [InlineData("(result u8)", "result<u8, _>", 2, 1, "i32 i32")]
    [InlineData("(result (error f32))", "result<_, f32>", 8, 4, "i32 f32")]
    [InlineData("(result u32 (error f32))", "result<u32, f32>", 8, 4, "i32 i32")]
    [InlineData("(result f32 (error f64))", "result<f32, f64>", 16, 8, "i32 i64")]
    [InlineData("(result string (error u64))", "result<string, u64>", 16, 8, "i32 i64 i32")]
    [InlineData("(tuple u8 u32 u8)", "tuple<u8, u32, u8>", 12, 4, "i32 i32 i32")]
    [InlineData("(record (field \"a\" u8) (field \"b\" u64))", "record { a: u8, b: u64 }", 16, 8, "i32 i64")]
    [InlineData("(enum \"a\" \"b\")", "enum { a, b }", 1, 1, "i32")]
    [InlineData("(flags \"a\" \"b\")", "flags { a, b }", 1, 1, "i32")]
    [InlineData("(flags \"1\" \"2\" \"3\" \"4\" \"5\" \"6\" \"7\" \"8\" \"9\")", "flags { 1, 2, 3, 4, 5, 6, 7, 8, 9 }", 2, 2, "i32")]
    [InlineData("(variant (case \"a\") (case \"b\" u16) (case \"c\" f64))", "variant { a, b(u16), c(f64) }", 16, 8, "i32 i64")]
    [InlineData("(stream u8)", "stream<u8>", 4, 4, "i32")]
    [InlineData("(stream)", "stream", 4, 4, "i32")]
    [InlineData("(future string)", "future<string>", 4, 4, "i32")]
    [InlineData("(future)", "future", 4, 4, "i32")]
    [InlineData("(tuple " + Seventeen + ")", null, 17, 1, "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32")]
    [InlineData("(tuple " + Seventeen + " " + Seventeen + ")", null, 34, 1, "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32")]
    public void A_type_has_a_form_a_size_an_alignment_and_flat_values(string text, string? form, uint size, uint alignment, string flat)
    {
        var type = ParameterOf($"(type $t {text}) (import \"f\" (func (param \"p\" $t)))");
        if (form is not null)
        {
            Assert.Equal(form, type.ToString());
        }

        Assert.Equal((size, alignment), (type.Size, type.Alignment));
        Assert.Equal(flat, string.Join(' ', type.Flat.ToArray()).ToLowerInvariant());
    }

    [Theory]
    [InlineData(256, 1)]
    [InlineData(257, 2)]
    [InlineData(65_537, 4)]
    public void The_discriminant_is_as_large_as_the_number_of_cases_asks(int cases, uint size)
    {
        var labels = string.Join(' ', Enumerable.Range(0, cases).Select(i => $"\"c{i}\""));
        Assert.Equal(size, ParameterOf($"(type $t (enum {labels})) (import \"f\" (func (param \"p\" $t)))").Size);
    }

    [Fact]
    public void Handles_are_of_the_resource_that_they_name()
    {
        var plan = ComponentText.Link("""
            (component
              (import "r" (type $r (sub resource)))
              (import "f" (func (param "a" (own $r)) (param "b" (borrow $r)))))
            """);
        var parameters = plan.Imports[1].Functions[0].Type.Parameters;
        var resource = Assert.Single(plan.ImportedResources);
        Assert.Equal((resource, true), Handle(parameters[0].Type));
        Assert.Equal((resource, false), Handle(parameters[1].Type));
        Assert.Equal("r borrow<r>", $"{parameters[0].Type} {parameters[1].Type}");

        static (ResourceType, bool) Handle(ValueType type) => (((HandleType)type).Resource, ((HandleType)type).IsOwn);
    }

    [Fact]
    public void Functions_are_asynchronous_where_they_say_so()
    {
        var plan = ComponentText.Link("""(component (import "f" (func async)) (import "g" (func (result u8))))""");
        Assert.Equal("async func()", plan.Imports[0].Functions[0].Type.ToString());
        Assert.Equal("func() -> u8", plan.Imports[1].Functions[0].Type.ToString());
        Assert.False(plan.Imports[0].Functions[0].Type.StructurallyEquals(new FunctionType([], null)));
    }

    [Theory]
    [InlineData("(record)")]
    [InlineData("(variant)")]
    [InlineData("(tuple)")]
    [InlineData("(flags)")]
    [InlineData("(enum)")]
    public void Types_without_members_are_refused(string text) =>
        Assert.Contains("without members", ComponentText.Refusal($"(component (type {text}))"));

    [Theory]
    [InlineData("(record (field \"a\" u8) (field \"a\" u8))")]
    [InlineData("(variant (case \"a\") (case \"a\" u8))")]
    [InlineData("(enum \"x\" \"a\" \"b\" \"a\")")]
    [InlineData("(flags \"a\" \"a\")")]
    [InlineData("(func (param \"a\" u8) (param \"a\" u8))")]
    [InlineData("(enum \"a\" \"1\" \"2\" \"3\" \"4\" \"5\" \"6\" \"7\" \"8\" \"9\" \"a\")")]
    public void Labels_are_there_once(string text) =>
        Assert.Contains("'a' is there twice", ComponentText.Refusal($"(component (type {text}))"));

    [Fact]
    public void Flags_have_at_most_32_labels()
    {
        Assert.Equal(4u, ParameterOf($"(type $t (flags {Labels(32)})) (import \"f\" (func (param \"p\" $t)))").Size);
        Assert.Contains("more than 32 labels", ComponentText.Refusal($"(component (type (flags {Labels(33)})))"));

        static string Labels(int count) => string.Join(' ', Enumerable.Range(0, count).Select(i => $"\"l{i}\""));
    }

    [Fact]
    public void A_type_takes_less_than_256_MiB()
    {
        Assert.Equal((1u << 28) - 8, ParameterOf($"(type $t (list u64 {(1 << 25) - 1})) (import \"f\" (func (param \"p\" $t)))").Size);
        Assert.Contains("takes 268435456 bytes", ComponentText.Refusal($"(component (type (list u64 {1 << 25})))"));
        Assert.Contains("are possible", ComponentText.Refusal("(component (type (list u64 4294967295)))"));
        Assert.Contains("are possible", ComponentText.Refusal($"(component (type $t (list u64 {(1 << 25) - 1})) (type (tuple u8 $t)))"));
        Assert.Contains("are possible", ComponentText.Refusal($"(component (type $t (list u64 {(1 << 25) - 1})) (type (option $t)))"));
        Assert.Contains("are possible", ComponentText.Refusal(
            $"(component (type $t (list u64 {(1 << 25) - 1})) (type (func (param \"a\" $t) (param \"b\" $t))))"));
    }

    [Fact]
    public void A_list_of_the_fixed_length_0_is_refused() =>
        Assert.Contains("length 0", ComponentText.Refusal("(component (type (list u8 0)))"));

    [Theory]
    [InlineData("(option $t{0})")]
    [InlineData("(list $t{0})")]
    [InlineData("(tuple $t{0})")]
    [InlineData("(record (field \"a\" $t{0}))")]
    [InlineData("(variant (case \"a\" $t{0}))")]
    [InlineData("(result (error $t{0}))")]
    [InlineData("(future $t{0})")]
    [InlineData("(list $t{0} 1)")]
    public void Types_nest_at_most_100_deep(string form)
    {
        ComponentText.Link($"(component {Nested(100)})");
        Assert.Contains("100 deep", ComponentText.Refusal($"(component {Nested(101)})"));

        string Nested(int depth) => "(type $t0 u8)" + string.Concat(Enumerable.Range(1, depth - 1).Select(i =>
            $"(type $t{i} {string.Format(System.Globalization.CultureInfo.InvariantCulture, form, i - 1)})"));
    }

    [Theory]
    [InlineData("(result $t{0} (error $t{0}))")]
    [InlineData("(variant (case \"a\" $t{0}) (case \"b\" $t{0}) (case \"c\" $t{0}))")]
    [InlineData("(tuple $t{0} $t{0})")]
    [InlineData("(record (field \"a\" $t{0}) (field \"b\" (list $t{0})))")]
    public void Types_that_double_at_each_step_are_refused_soon(string form)
    {
        var types = string.Concat(Enumerable.Range(1, 90).Select(i =>
            $"(type $t{i} {string.Format(System.Globalization.CultureInfo.InvariantCulture, form, i - 1)})"));
        Assert.Contains("more than 100000 types", ComponentText.Refusal($"(component (type $t0 u8) {types})"));
    }

    [Fact]
    public void A_type_is_not_where_another_kind_is_wanted()
    {
        Assert.Contains("is not a value type", ComponentText.Refusal("(component (type $f (func)) (type (list $f)))"));
        Assert.Contains("is not a resource type", ComponentText.Refusal("(component (type $t u8) (type (own $t)))"));
        Assert.Contains("is not a function type", ComponentText.Refusal("(component (type $t u8) (import \"f\" (func (type $t))))"));
        Assert.Contains("is not an instance type", ComponentText.Refusal("(component (type $t u8) (import \"i\" (instance (type $t))))"));
        Assert.Contains("is not an instance type", ComponentText.Refusal("(component (type $t (component)) (import \"i\" (instance (type $t))))"));
        Assert.Contains("not defined", ComponentText.Refusal("(component (type (list 7)))"));
    }

    private static ValueType ParameterOf(string definitions) =>
        ComponentText.Link($"(component {definitions})").Imports.Single().Functions.Single().Type.Parameters.Single().Type;
}
