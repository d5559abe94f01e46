using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Skiff.Components.Binary;

/// <summary>
/// Reads the encodings that core Wasm and components share (core specification, "Values"), within a part of a file. Positions are
/// those of the whole file, so that every fault names its place.
/// </summary>
internal ref struct BinaryReader(ReadOnlySpan<byte> file, int position, int end)
{
    /// <summary>Longest name taken, in bytes: the engine's own limit is the same.</summary>
    private const int NameBytesMax = 100_000;

    private readonly ReadOnlySpan<byte> _file = file;

    public int Position { get; private set; } = position;

    public int End { get; } = end;

    public readonly int Remaining => End - Position;

    public readonly bool AtEnd => Position == End;

    public readonly ComponentException Fault(string message) => new(Position, message);

    /// <summary>The next byte, not taken.</summary>
    public readonly byte Peek() => Position < End ? _file[Position] : throw Fault("unexpected end");

    public byte Byte()
    {
        var value = Peek();
        Position++;
        return value;
    }

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count > Remaining)
        {
            throw Fault("unexpected end");
        }

        var bytes = _file.Slice(Position, count);
        Position += count;
        return bytes;
    }

    public void Expect(byte value, string what)
    {
        if (Peek() != value)
        {
            throw Fault(string.Create(CultureInfo.InvariantCulture, $"0x{Peek():x2} where {what} (0x{value:x2}) should be"));
        }

        Position++;
    }

    public uint U32() => (uint)Unsigned(32);

    public ulong U64() => Unsigned(64);

    /// <summary>An index: a u32 that fits an int, which every index into something that was really read does.</summary>
    public int Index()
    {
        var start = Position;
        var value = U32();
        return value <= int.MaxValue ? (int)value : throw new ComponentException(start, $"index {value} is out of range");
    }

    /// <summary>Number of items that follow, of which each takes at least one byte: never more than bytes remain.</summary>
    public int Count()
    {
        var start = Position;
        var count = U32();
        return count <= (uint)Remaining
            ? (int)count
            : throw new ComponentException(start, $"{count} items cannot be in the {Remaining} bytes that remain");
    }

    /// <summary>A type position: a negative number is a one-byte code (returned as 0x40..0x7f), else an index.</summary>
    public long S33()
    {
        var start = Position;
        long value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var part = Byte();
            value |= (long)(part & 0x7f) << shift;
            if ((part & 0x80) == 0)
            {
                // Sign-extend; the fifth byte has five bits of a 33-bit number, the rest must repeat its sign.
                value = value << (57 - shift) >> (57 - shift);
                return value is >= -(1L << 32) and < 1L << 32 ? value : throw new ComponentException(start, "a number with too many bits");
            }
        }

        throw new ComponentException(start, "a number with too many bytes");
    }

    /// <summary>Length and UTF-8.</summary>
    public string Name()
    {
        var bytes = NameBytes();
        return Encoding.UTF8.GetString(bytes);
    }

    public ReadOnlySpan<byte> NameBytes()
    {
        var start = Position;
        var length = Count();
        if (length > NameBytesMax)
        {
            throw new ComponentException(start, "a name that is too long");
        }

        var bytes = Bytes(length);
        return Utf8.IsValid(bytes) ? bytes : throw new ComponentException(start, "a name that is not UTF-8");
    }

    /// <summary>A size, and a reader of so many bytes, which this one skips.</summary>
    public BinaryReader Sized()
    {
        var start = Position;
        var size = U32();
        if (size > (uint)Remaining)
        {
            throw new ComponentException(start, $"{size} bytes are announced and {Remaining} remain");
        }

        var part = new BinaryReader(_file, Position, Position + (int)size);
        Position += (int)size;
        return part;
    }

    /// <summary>Everything that was announced must have been read.</summary>
    public readonly void ExpectEnd(string what)
    {
        if (!AtEnd)
        {
            throw Fault($"{Remaining} bytes are left over in {what}");
        }
    }

    private ulong Unsigned(int bits)
    {
        var start = Position;
        ulong value = 0;
        for (var shift = 0; shift < bits; shift += 7)
        {
            var part = Byte();
            if (bits - shift < 7 && (part & 0x7f) >> (bits - shift) != 0)
            {
                throw new ComponentException(start, "a number with too many bits");
            }

            value |= (ulong)(part & 0x7f) << shift;
            if ((part & 0x80) == 0)
            {
                return value;
            }
        }

        throw new ComponentException(start, "a number with too many bytes");
    }
}
