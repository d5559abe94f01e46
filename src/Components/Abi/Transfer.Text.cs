using System.Runtime.InteropServices;
using System.Text;
using Skiff.Components.Linking;

namespace Skiff.Components.Abi;

/// <summary>
/// Strings from one guest to another (CanonicalABI.md, <c>store_string</c>). Guests see each call of their <c>realloc</c>, so its arguments
/// are part of the ABI: a guess from the source's length, the worst case when it was too small, and what was needed in the end. What
/// has been written before a call is the guest's to keep, as with C's function.
/// </summary>
internal ref partial struct Transfer
{
    private const char AsciiMax = '\u007f';
    private const char Latin1Max = '\u00ff';

    private (uint Address, uint Length) Text(uint address, uint length)
    {
        var (size, alignment) = GuestText.Measure(_source.Encoding, length);
        var source = _read.Lift(address, size, alignment);
        if (_source.Encoding == _target.Encoding && _source.Encoding != StringEncoding.Latin1Utf16)
        {
            // Checked before the target allocates, and copied afterwards: nobody can write to the source in between.
            if (_source.Encoding == StringEncoding.Utf8)
            {
                GuestText.CheckUtf8(source);
            }
            else
            {
                GuestText.CheckUtf16(source);
            }

            var same = Allocate((uint)size, alignment);
            _read.Slice(address, (uint)size).CopyTo(_write.Slice(same, (uint)size));
            return (same, length);
        }

        var text = GuestText.Decode(_source.Encoding, length, source);
        var isTagged = _source.Encoding == StringEncoding.Latin1Utf16 && (length & GuestText.Utf16Tag) != 0;
        var isUtf16 = isTagged || _source.Encoding == StringEncoding.Utf16;
        var units = isTagged ? length & ~GuestText.Utf16Tag : length;
        return (_target.Encoding, _source.Encoding) switch
        {
            (StringEncoding.Utf8, _) => ToUtf8(text, units, units * (isUtf16 ? 3UL : 2UL)),
            (StringEncoding.Utf16, StringEncoding.Utf8) => FromUtf8ToUtf16(text, units),
            (StringEncoding.Utf16, _) => ToUtf16(text),
            (_, StringEncoding.Latin1Utf16) => isTagged ? ProbablyToUtf16(text) : ToLatin1(text),
            _ => ToLatin1OrUtf16(text, units),
        };
    }

    // store_string_to_utf8
    private (uint Address, uint Length) ToUtf8(string text, uint units, ulong worst)
    {
        var address = Allocate(units, 1);
        var ascii = Leading(text, AsciiMax);
        Encoding.ASCII.GetBytes(text.AsSpan(0, ascii), _write.Slice(address, (uint)ascii));
        if (ascii == text.Length)
        {
            return (address, units);
        }

        var size = (uint)Encoding.UTF8.GetByteCount(text);
        address = Reallocate(address, units, worst, 1);
        Encoding.UTF8.GetBytes(text.AsSpan(ascii), _write.Slice(address, size)[ascii..]);
        return (Shrink(address, worst, size, 1), size);
    }

    // store_utf8_to_utf16
    private (uint Address, uint Length) FromUtf8ToUtf16(string text, uint units)
    {
        var worst = units * 2UL;
        var address = Reallocate(0, 0, worst, 2);
        var bytes = MemoryMarshal.AsBytes(text.AsSpan());
        bytes.CopyTo(_write.Slice(address, (uint)bytes.Length));
        return (Shrink(address, worst, (uint)bytes.Length, 2), (uint)text.Length);
    }

    // store_string_copy
    private (uint Address, uint Length) ToUtf16(string text)
    {
        var bytes = MemoryMarshal.AsBytes(text.AsSpan());
        var address = Allocate((uint)bytes.Length, 2);
        bytes.CopyTo(_write.Slice(address, (uint)bytes.Length));
        return (address, (uint)text.Length);
    }

    // store_string_copy
    private (uint Address, uint Length) ToLatin1(string text)
    {
        var address = Allocate((uint)text.Length, 2);
        Encoding.Latin1.GetBytes(text, _write.Slice(address, (uint)text.Length));
        return (address, (uint)text.Length);
    }

    // store_string_to_latin1_or_utf16
    private (uint Address, uint Length) ToLatin1OrUtf16(string text, uint units)
    {
        var address = Allocate(units, 2);
        var latin1 = Leading(text, Latin1Max);
        Encoding.Latin1.GetBytes(text.AsSpan(0, latin1), _write.Slice(address, (uint)latin1));
        if (latin1 == text.Length)
        {
            return (Shrink(address, units, (uint)latin1, 2), (uint)latin1);
        }

        var (worst, size) = (units * 2UL, (uint)text.Length * 2);
        address = Reallocate(address, units, worst, 2);
        var memory = _write.Slice(address, size);
        for (var i = latin1 - 1; i >= 0; i--)
        {
            (memory[2 * i], memory[(2 * i) + 1]) = (memory[i], 0);
        }

        MemoryMarshal.AsBytes(text.AsSpan(latin1)).CopyTo(memory[(2 * latin1)..]);
        return (Shrink(address, worst, size, 2), (uint)text.Length | GuestText.Utf16Tag);
    }

    // store_probably_utf16_to_latin1_or_utf16: whoever made the string chose UTF-16, so Latin-1 is not expected.
    private (uint Address, uint Length) ProbablyToUtf16(string text)
    {
        var size = (uint)text.Length * 2;
        var (address, length) = ToUtf16(text);
        if (Leading(text, Latin1Max) < text.Length)
        {
            return (address, length | GuestText.Utf16Tag);
        }

        var memory = _write.Slice(address, size);
        for (var i = 0; i < text.Length; i++)
        {
            memory[i] = memory[2 * i];
        }

        return (Reallocate(address, size, length, 1), length);
    }

    private uint Shrink(uint address, ulong from, uint size, uint alignment) =>
        size < from ? Reallocate(address, (uint)from, size, alignment) : address;

    private static int Leading(string text, char most) =>
        text.AsSpan().IndexOfAnyExceptInRange('\0', most) is >= 0 and var index ? index : text.Length;
}
