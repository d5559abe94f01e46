using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Engine;

namespace Skiff.Components.Abi;

/// <summary>
/// Strings in a guest's memory (CanonicalABI.md, "Loading" and "Storing"). A length counts bytes in UTF-8, code units in UTF-16, and in
/// latin1+utf16 bytes, unless <see cref="Utf16Tag"/> is set: then code units. Guests' strings are strict: what is not well-formed traps.
/// </summary>
internal static class GuestText
{
    public const uint Utf16Tag = 1u << 31;

    /// <summary>Bytes and alignment of a string with this length.</summary>
    public static (ulong Size, uint Alignment) Measure(StringEncoding encoding, uint length) => encoding switch
    {
        StringEncoding.Utf8 => (length, 1),
        StringEncoding.Utf16 => (length * 2UL, 2),
        _ when (length & Utf16Tag) != 0 => ((length & ~Utf16Tag) * 2UL, 2),
        _ => (length, 2),
    };

    /// <summary>How a string of ours will lie in a guest's memory.</summary>
    public static (uint Size, uint Alignment, uint Length) Measure(StringEncoding encoding, string text)
    {
        switch (encoding)
        {
            case StringEncoding.Utf8:
                var bytes = (uint)Encoding.UTF8.GetByteCount(text);
                return (bytes, 1, bytes);
            case StringEncoding.Utf16:
                return ((uint)text.Length * 2, 2, (uint)text.Length);
            default:
                return text.AsSpan().IndexOfAnyExceptInRange('\0', '\u00ff') < 0
                    ? ((uint)text.Length, 2u, (uint)text.Length)
                    : ((uint)text.Length * 2, 2u, (uint)text.Length | Utf16Tag);
        }
    }

    /// <summary>Writes a string as <see cref="Measure(StringEncoding, string)"/> said.</summary>
    public static void Encode(StringEncoding encoding, string text, uint length, Span<byte> target)
    {
        if (encoding == StringEncoding.Utf8)
        {
            Encoding.UTF8.GetBytes(text, target);
        }
        else if (encoding == StringEncoding.Utf16 || (length & Utf16Tag) != 0)
        {
            var units = MemoryMarshal.Cast<byte, char>(target);
            text.CopyTo(units);
            ReplaceUnpaired(units);
        }
        else
        {
            Encoding.Latin1.GetBytes(text, target);
        }
    }

    /// <exception cref="GuestTrapException">Not well-formed UTF-8.</exception>
    public static ReadOnlySpan<byte> CheckUtf8(ReadOnlySpan<byte> text)
    {
        if (!Utf8.IsValid(text))
        {
            Violation.Utf8(text.Length);
        }

        return text;
    }

    /// <exception cref="GuestTrapException">An unpaired surrogate.</exception>
    public static ReadOnlySpan<char> CheckUtf16(ReadOnlySpan<byte> text)
    {
        var units = MemoryMarshal.Cast<byte, char>(text);
        if (FirstUnpaired(units) >= 0)
        {
            throw new GuestTrapException("unpaired surrogate found in a utf-16 string");
        }

        return units;
    }

    /// <param name="length">As the guest gave it, with the tag.</param>
    /// <param name="text">As many bytes as <see cref="Measure(StringEncoding, uint)"/> says.</param>
    public static string Decode(StringEncoding encoding, uint length, ReadOnlySpan<byte> text) => encoding switch
    {
        StringEncoding.Utf8 => Encoding.UTF8.GetString(CheckUtf8(text)),
        StringEncoding.Utf16 => new string(CheckUtf16(text)),
        _ when (length & Utf16Tag) != 0 => new string(CheckUtf16(text)),
        _ => Encoding.Latin1.GetString(text),
    };

    private static int FirstUnpaired(ReadOnlySpan<char> units)
    {
        for (var i = units.IndexOfAnyInRange('\ud800', '\udfff'); i >= 0 && i < units.Length;)
        {
            if (!char.IsHighSurrogate(units[i]) || i + 1 >= units.Length || !char.IsLowSurrogate(units[i + 1]))
            {
                return i;
            }

            var next = units[(i + 2)..].IndexOfAnyInRange('\ud800', '\udfff');
            if (next < 0)
            {
                break;
            }

            i += 2 + next;
        }

        return -1;
    }

    private static void ReplaceUnpaired(Span<char> units)
    {
        for (var i = FirstUnpaired(units); i >= 0;)
        {
            units[i] = '\ufffd';
            var next = FirstUnpaired(units[(i + 1)..]);
            i = next < 0 ? -1 : i + 1 + next;
        }
    }
}
