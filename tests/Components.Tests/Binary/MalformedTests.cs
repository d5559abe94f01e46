namespace Skiff.Components.Tests.Binary;

/// <summary>The binary format by hand: what the text format cannot say (Binary.md).</summary>
public sealed class MalformedTests
{
    private static readonly byte[] Preamble = [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0];
    private static readonly byte[] ModulePreamble = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

    [Theory]
    [InlineData("", "at byte 0: a component does not begin as one")]
    [InlineData("00 61 73 6d", "at byte 0: a component does not begin as one")]
    [InlineData("00 61 73 6d 01 00 00 00", "a component does not begin as one")]
    [InlineData("00 61 73 6d 0c 00 01 00", "a component does not begin as one")]
    public void Only_components_of_the_one_version_are_taken(string hex, string reason) =>
        Assert.Contains(reason, Assert.Throws<ComponentException>(() => Component.Parse(Hex(hex))).Message);

    [Theory]
    // Sections.
    [InlineData("0d 00", "at byte 8: unknown section 13")]
    [InlineData("0a", "at byte 9: unexpected end")]
    [InlineData("0a 05 00", "at byte 9: 5 bytes are announced and 1 remain")]
    [InlineData("0a 01 01", "1 items cannot be in the 0 bytes that remain")]
    [InlineData("07 03 01 70", "3 bytes are announced and 2 remain")]
    [InlineData("07 02 01 70", "at byte 12: unexpected end")]
    [InlineData("0a 02 00 00", "at byte 11: 1 bytes are left over in section 10")]
    [InlineData("0a 80 80 80 80 80 00 00", "at byte 9: a number with too many bytes")]
    [InlineData("0a ff ff ff ff 1f", "at byte 9: a number with too many bits")]
    [InlineData("00 01 05", "5 items cannot be in the 0 bytes that remain")]
    [InlineData("00 02 01 ff", "a name that is not UTF-8")]
    [InlineData("00 04 03 ed a0 80", "a name that is not UTF-8")]
    [InlineData("00 03 02 c0 80", "a name that is not UTF-8")]
    // Counts that the bytes cannot hold.
    [InlineData("07 05 ff ff ff ff 0f", "4294967295 items cannot be in the 0 bytes that remain")]
    [InlineData("07 06 01 72 ff ff ff 7f", "268435455 items cannot be")]
    [InlineData("02 07 01 00 00 ff ff ff 7f", "268435455 items cannot be")]
    [InlineData("05 07 01 01 ff ff ff ff 07", "items cannot be")]
    // Forms.
    [InlineData("02 02 01 02", "unknown form of a core instance")]
    [InlineData("02 06 01 00 00 01 00 11", "the sort of a core instance")]
    [InlineData("02 05 01 01 01 00 05", "unknown core sort")]
    [InlineData("05 02 01 02", "unknown form of an instance")]
    [InlineData("06 03 01 06 00", "unknown sort")]
    [InlineData("06 03 01 01 03", "unknown form of an alias")]
    [InlineData("07 02 01 41", "unexpected end")]
    [InlineData("07 02 01 3e", "unknown form 0x3e of a type")]
    [InlineData("07 02 01 6c", "unknown form 0x6c of a type")]
    [InlineData("07 03 01 70 40", "a type that is neither primitive nor an index")]
    [InlineData("07 04 01 70 ff 7d", "a type that is neither primitive nor an index")]
    [InlineData("07 07 01 70 ff ff ff ff 0f", "type index 4294967295 is out of range")]
    [InlineData("07 07 01 70 ff ff ff ff 1f", "a number with too many bits")]
    [InlineData("07 04 01 6a 02 00", "a type is there or not")]
    [InlineData("07 04 01 40 00 02", "unknown form of a function's result")]
    [InlineData("07 05 01 40 00 01 01", "the number of named results")]
    [InlineData("07 06 01 71 01 01 61 00", "unexpected end")]
    [InlineData("07 07 01 71 01 01 61 00 01", "the end of a case")]
    [InlineData("07 03 01 3f 7e", "represented by an i32 only")]
    [InlineData("07 04 01 3f 7f 02", "0 or 1 must say so")]
    [InlineData("07 04 01 42 01 03", "unknown form 0x03 of a declaration")]
    [InlineData("07 04 01 42 01 05", "unknown form 0x05 of a declaration")]
    [InlineData("08 02 01 2e", "unknown canonical function 0x2e")]
    [InlineData("08 03 01 06 02", "a flag is neither 0 nor 1")]
    [InlineData("08 06 01 01 00 00 01 0a", "unknown option 0x0a")]
    [InlineData("08 06 01 01 00 00 01 7f", "unknown option 0x7f")]
    [InlineData("08 07 01 01 00 00 02 00 01", "given twice")]
    [InlineData("08 09 01 01 00 00 02 03 00 03 00", "given twice")]
    [InlineData("08 04 01 00 01 00", "the sort of a core function")]
    [InlineData("0a 04 01 03 00 01", "unknown form 0x03 of a name")]
    [InlineData("0a 07 01 02 01 61 01 03 00", "unknown attribute of the name 'a'")]
    [InlineData("0a 05 01 00 01 61 06", "unknown kind of an import or export")]
    [InlineData("0a 06 01 00 01 61 03 02", "unknown bound of a type")]
    [InlineData("0a 06 01 00 01 61 00 10", "the sort of a core module")]
    [InlineData("0b 08 01 00 01 61 01 00 02 00", "0 or 1 must say so")]
    public void What_is_malformed_is_refused_with_its_place(string sections, string reason) => Refused(Hex(sections), reason);

    [Theory]
    [InlineData("0e 00", "unknown section 14 of a core module")]
    [InlineData("01 03 01 61 00", "unknown form 0x61 of a core type")]
    [InlineData("01 05 01 60 01 6f 00", null)]
    [InlineData("01 05 01 60 01 66 00", "unknown core value type 0x66")]
    [InlineData("02 06 01 00 00 05 00 00", "unknown kind 5 of a core import or export")]
    [InlineData("02 05 01 00 00 00 00", "type 0 of a core module is no function type")]
    [InlineData("07 04 01 00 00 03", "names function 3, which the core module has not")]
    [InlineData("07 04 01 00 02 00", "names memory 0, which the core module has not")]
    [InlineData("05 03 01 10 01", "unknown flags 0x10 of a memory")]
    [InlineData("01 02 00 00", "1 bytes are left over in section 1 of a core module")]
    public void So_is_a_core_module_as_far_as_it_is_read(string sections, string? reason)
    {
        var module = (byte[])[.. ModulePreamble, .. Hex(sections)];
        var section = (byte[])[1, (byte)module.Length, .. module];
        if (reason is null)
        {
            Component.Parse((byte[])[.. Preamble, .. section]);
        }
        else
        {
            Refused(section, reason);
        }
    }

    [Fact]
    public void A_nested_component_begins_as_one() => Refused([4, 8, .. ModulePreamble], "at byte 10: a component does not begin as one");

    [Fact]
    public void A_core_module_begins_as_one() => Refused([1, 8, .. Preamble], "at byte 10: a core module does not begin as one");

    [Theory]
    [InlineData("00 01 66")]
    [InlineData("01 01 66")]
    [InlineData("02 01 66 00")]
    [InlineData("02 01 66 03 00 01 78 01 02 2e 36 02 03 61 62 63")]
    public void Names_of_imports_have_three_forms(string name)
    {
        byte[] import = [1, .. Hex(name), 1, 0];
        byte[] type = [7, 5, 1, 0x40, 0, 1, 0];
        var plan = Component.Parse((byte[])[.. Preamble, .. type, 10, (byte)import.Length, .. import]);
        Assert.Equal("f", Assert.Single(plan.Imports).Functions[0].Name);
    }

    [Fact]
    public void Names_of_exports_have_three_forms()
    {
        byte[] exports = [.. Hex("03 00 01 61 03 00 00  01 01 62 03 00 00  02 01 63 00 03 00 01 03 00 00")];
        var plan = Component.Parse((byte[])[.. Preamble, 7, 2, 1, 0x7d, 11, (byte)exports.Length, .. exports]);
        Assert.Equal(["a", "b", "c"], plan.Exports.Select(export => export.Name));
    }

    [Fact]
    public void Numbers_may_be_longer_than_they_need_to_be()
    {
        // Linkers pad numbers that they fill in later: 5 bytes are the most that 32 bits can take.
        Component.Parse((byte[])[.. Preamble, 10, 0x85, 0x80, 0x80, 0x80, 0x00, 0x80, 0x80, 0x80, 0x80, 0x00]);
    }

    [Fact]
    public void Components_nest_at_most_100_deep()
    {
        Component.Parse(Nested(100));
        Assert.Contains("100 deep", Assert.Throws<ComponentException>(() => Component.Parse(Nested(101))).Message);

        static byte[] Nested(int depth)
        {
            byte[] component = Preamble;
            for (var i = 1; i < depth; i++)
            {
                component = [.. Preamble, 4, (byte)(component.Length & 0x7f | 0x80), (byte)(component.Length >> 7), .. component];
            }

            return component;
        }
    }

    [Theory]
    [InlineData(0x42)]
    [InlineData(0x41)]
    public void Types_of_instances_and_components_nest_at_most_100_deep(byte form)
    {
        Component.Parse(Nested(100));
        Assert.Contains("100 deep", Assert.Throws<ComponentException>(() => Component.Parse(Nested(101))).Message);

        // instance type { type instance type { … } }
        byte[] Nested(int depth)
        {
            byte[] type = [form, 0];
            for (var i = 1; i < depth; i++)
            {
                type = [form, 1, 1, .. type];
            }

            var length = type.Length + 1;
            return [.. Preamble, 7, (byte)(length & 0x7f | 0x80), (byte)(length >> 7), 1, .. type];
        }
    }

    [Fact]
    public void Custom_sections_are_skipped() =>
        Component.Parse((byte[])[.. Preamble, 0, 4, 2, (byte)'h', (byte)'i', 0xff, 0, 1, 0]);

    private static void Refused(byte[] sections, string reason)
    {
        var exception = Assert.Throws<ComponentException>(() => Component.Parse((byte[])[.. Preamble, .. sections]));
        Assert.Contains(reason, exception.Message);
        Assert.NotNull(exception.Offset);
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));
}
