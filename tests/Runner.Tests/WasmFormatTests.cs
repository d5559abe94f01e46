using Skiff.Guest;

namespace Skiff.Runner.Tests;

public sealed class WasmFormatTests
{
    [Theory]
    [InlineData("0061736d01000000", CodeKind.Module)]
    [InlineData("0061736d0d000100", CodeKind.Component)]
    public void The_preamble_tells_the_kind(string hex, CodeKind kind) =>
        Assert.Equal(kind, WasmFormat.KindOf(Convert.FromHexString(hex)));

    [Theory]
    [InlineData("", "empty")]
    [InlineData("0061", "ends after 2 bytes")]
    [InlineData("0061736d010000", "ends after 7 bytes")]
    [InlineData("0061736d02000000", "version 02000000")]
    [InlineData("7f454c460201", "native code")]
    [InlineData("1f8b08", "gzip")]
    [InlineData("ffd8ffe0aa", "begins with ffd8ffe0")]
    public void Anything_else_is_refused_by_what_it_looks_like(string hex, string expected)
    {
        var fault = Assert.Throws<GuestException>(() => WasmFormat.KindOf(Convert.FromHexString(hex)));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(module)", true)]
    [InlineData(" \n;; a comment\n(component)", true)]
    [InlineData("(; a comment ;)(module)", true)]
    [InlineData("#!/bin/sh", false)]
    [InlineData("", false)]
    public void Text_opens_with_a_form_or_a_comment(string text, bool isText) =>
        Assert.Equal(isText, WasmFormat.IsText(System.Text.Encoding.UTF8.GetBytes(text)));
}
