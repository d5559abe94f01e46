using System.Text;
using Skiff.Components.Abi;
using Skiff.Components.Linking;

namespace Skiff.Components.Tests.Running;

/// <summary>Strings of ours in a guest's encoding and back.</summary>
public sealed class GuestTextTests
{
    [Theory]
    [InlineData(StringEncoding.Utf8, "aß€\U0001f600", 1, 10, 10)]
    [InlineData(StringEncoding.Utf16, "aß€\U0001f600", 2, 10, 5)]
    [InlineData(StringEncoding.Latin1Utf16, "aßÿ", 2, 3, 3)]
    [InlineData(StringEncoding.Latin1Utf16, "aß€", 2, 6, 0x80000003)]
    [InlineData(StringEncoding.Latin1Utf16, "", 2, 0, 0)]
    [InlineData(StringEncoding.Utf8, "", 1, 0, 0)]
    public void A_string_takes_what_its_encoding_says(StringEncoding encoding, string text, uint alignment, uint size, uint length)
    {
        Assert.Equal((size, alignment, length), GuestText.Measure(encoding, text));
        Assert.Equal((size, alignment), GuestText.Measure(encoding, length));
        var memory = new byte[size];
        GuestText.Encode(encoding, text, length, memory);
        Assert.Equal(text, GuestText.Decode(encoding, length, memory));
    }

    [Theory]
    [InlineData(StringEncoding.Utf8)]
    [InlineData(StringEncoding.Utf16)]
    [InlineData(StringEncoding.Latin1Utf16)]
    public void What_no_guest_may_see_is_replaced(StringEncoding encoding)
    {
        foreach (var text in new[] { "\ud800", "a\udc00b", "\ud800\ud800\udc00", "\udc00\ud800" })
        {
            var (size, _, length) = GuestText.Measure(encoding, text);
            var memory = new byte[size];
            GuestText.Encode(encoding, text, length, memory);
            Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)), GuestText.Decode(encoding, length, memory));
        }
    }
}
