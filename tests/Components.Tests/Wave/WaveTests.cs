using Skiff.Components.Types;
using Skiff.Components.Wave;

namespace Skiff.Components.Tests.Wave;

public sealed class WaveTests
{
    [Theory]
    [InlineData("bool", "true", null)]
    [InlineData("bool", " false ", "false")]
    [InlineData("u8", "255", null)]
    [InlineData("s8", "-128", null)]
    [InlineData("u16", "65535", null)]
    [InlineData("s16", "-32768", null)]
    [InlineData("u32", "4294967295", null)]
    [InlineData("s32", "-2147483648", null)]
    [InlineData("u64", "18446744073709551615", null)]
    [InlineData("s64", "-9223372036854775808", null)]
    [InlineData("f32", "1.5", null)]
    [InlineData("f64", "-1e300", "-1E+300")]
    [InlineData("f32", "nan", null)]
    [InlineData("f64", "-inf", null)]
    [InlineData("f64", "inf", null)]
    [InlineData("f64", "7", null)]
    [InlineData("char", "'x'", null)]
    [InlineData("char", "'\\''", null)]
    [InlineData("char", "'\\u{1F600}'", "'😀'")]
    [InlineData("string", "\"a \\\"b\\\" \\\\ \\n\\t\\r ' ü\"", null)]
    [InlineData("string", "\"\\u{7}\"", null)]
    [InlineData("string", "\"\"", null)]
    [InlineData("(list u8)", "[1, 2, 3]", null)]
    [InlineData("(list u8)", "[ ]", "[]")]
    [InlineData("(list u8)", "[1,2,]", "[1, 2]")]
    [InlineData("(list u16 2)", "[1, 2]", null)]
    [InlineData("(list string)", "[\"a\", \"b\"]", null)]
    [InlineData("(tuple u8 string)", "(1, \"x\")", null)]
    [InlineData("(tuple u8 string)", "(1, \"x\",)", "(1, \"x\")")]
    [InlineData("(record (field \"a\" u8) (field \"b-c\" (option u8)))", "{a: 1, b-c: some(2)}", null)]
    [InlineData("(record (field \"a\" u8) (field \"b-c\" (option u8)))", "{b-c: 2, a: 1}", "{a: 1, b-c: some(2)}")]
    [InlineData("(record (field \"a\" u8) (field \"b-c\" (option u8)))", "{a: 1}", "{a: 1, b-c: none}")]
    [InlineData("(record (field \"a\" (option u8)))", "{:}", "{a: none}")]
    [InlineData("(flags \"a\" \"b\" \"c\")", "{a, c}", null)]
    [InlineData("(flags \"a\" \"b\" \"c\")", "{}", null)]
    [InlineData("(enum \"a\" \"b\")", "b", null)]
    [InlineData("(enum \"true\" \"b\")", "%true", null)]
    [InlineData("(variant (case \"none\") (case \"x\" u8))", "%none", null)]
    [InlineData("(variant (case \"n\") (case \"x\" u8))", "x(7)", null)]
    [InlineData("(variant (case \"n\") (case \"x\" u8))", "n", null)]
    [InlineData("(option u8)", "none", null)]
    [InlineData("(option u8)", "some(1)", null)]
    [InlineData("(option u8)", "1", "some(1)")]
    [InlineData("(option string)", "\"none\"", "some(\"none\")")]
    [InlineData("(result)", "ok", null)]
    [InlineData("(result)", "err", null)]
    [InlineData("(result u8 (error string))", "ok(1)", null)]
    [InlineData("(result u8 (error string))", "1", "ok(1)")]
    [InlineData("(result u8 (error string))", "err(\"no\")", null)]
    [InlineData("(result (error u8))", "err(3)", null)]
    public void A_value_is_read_and_written(string type, string text, string? written)
    {
        var parsed = TypeOf(type);
        var value = WaveReader.Read(text, parsed);
        Assert.Equal(written ?? text, WaveWriter.Write(value, parsed));
        Assert.Equal(value, WaveReader.Read(WaveWriter.Write(value, parsed), parsed));
    }

    [Theory]
    [InlineData("bool", "yes", "true or false")]
    [InlineData("bool", "truer", "true or false")]
    [InlineData("u8", "256", "a whole number (u8) is expected at character 1, where '256' is")]
    [InlineData("u8", "-1", "a whole number")]
    [InlineData("u8", "", "where the end is")]
    [InlineData("u8", "1 2", "the end is expected at character 3, where '2' is")]
    [InlineData("s32", "1.5", "a whole number")]
    [InlineData("f64", "Infinity", "a number (f64)")]
    [InlineData("f64", "x", "a number (f64)")]
    [InlineData("char", "'xy'", "one character")]
    [InlineData("char", "x", "a character in single quotes")]
    [InlineData("string", "x", "a text in double quotes")]
    [InlineData("string", "\"x", "the closing \"")]
    [InlineData("string", "\"\\q\"", "an escape")]
    [InlineData("string", "\"\\u{d800}\"", "an escape")]
    [InlineData("string", "\"\\u{}\"", "an escape")]
    [InlineData("(list u8)", "[1 2]", "']' is expected")]
    [InlineData("(list u8)", "1", "'[' is expected")]
    [InlineData("(list u16 2)", "[1]", "2 elements, not 1")]
    [InlineData("(tuple u8 u8)", "(1)", "',' is expected")]
    [InlineData("(record (field \"a\" u8))", "{}", "the field 'a'")]
    [InlineData("(record (field \"a\" u8))", "{b: 1}", "which 'b' is not")]
    [InlineData("(record (field \"a\" u8))", "{a: 1, a: 2}", "'a' once")]
    [InlineData("(flags \"a\")", "{b}", "which 'b' is not")]
    [InlineData("(enum \"a\")", "b", "a case of enum { a }")]
    [InlineData("(variant (case \"x\" u8))", "x", "'(' is expected")]
    [InlineData("(option (option u8))", "1", "none or some")]
    [InlineData("(result)", "1", "ok or err")]
    [InlineData("(stream u8)", "1", "cannot be written as text")]
    public void A_text_that_is_no_value_is_refused_with_its_place(string type, string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<FormatException>(() => WaveReader.Read(text, TypeOf(type))).Message);

    [Fact]
    public void Deep_values_do_not_overflow_the_stack()
    {
        var type = (ValueType)PrimitiveType.U8;
        for (var i = 0; i < 400; i++)
        {
            type = new ListType(type);
        }

        Assert.Contains("nested less", Assert.Throws<FormatException>(() => WaveReader.Read(new string('[', 1_000_000), type)).Message);
    }

    private static ValueType TypeOf(string text) => ComponentText.Link($"(component (type $t {text}) (import \"f\" (func (param \"p\" $t))))")
        .Imports.Single().Functions.Single().Type.Parameters.Single().Type;
}
