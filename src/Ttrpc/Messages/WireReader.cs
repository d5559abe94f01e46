using System.Text;
using System.Text.Unicode;

namespace Skiff.Ttrpc;

/// <summary>
/// Reads the protobuf wire format (protobuf.dev, "Encoding") for the four small messages of TTRPC. Every length is checked
/// against what is left, every varint against ten bytes and 64 bits: the bytes come from whoever can open the socket.
/// </summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private const int VarintBytesMax = 10;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _position;

    /// <returns>False at the end of the message.</returns>
    public bool TryReadTag(out int field, out WireType type)
    {
        if (_position == _bytes.Length)
        {
            (field, type) = (0, default);
            return false;
        }

        var tag = ReadVarint();
        if (tag > uint.MaxValue || tag >> 3 == 0)
        {
            throw new WireFormatException($"A field tag has the invalid value {tag}.");
        }

        (field, type) = ((int)(tag >> 3), (WireType)(tag & 7));
        return true;
    }

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (var i = 0; i < VarintBytesMax; i++)
        {
            if (_position == _bytes.Length)
            {
                throw new WireFormatException("The message ends inside a varint.");
            }

            var next = _bytes[_position++];
            if (i == VarintBytesMax - 1 && next > 1)
            {
                break;
            }

            value |= (ulong)(next & 0x7f) << (7 * i);
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new WireFormatException("A varint is longer than 64 bits.");
    }

    /// <returns>Where in the message the bytes of a length-delimited field lie.</returns>
    public Range ReadBytes()
    {
        var length = ReadVarint();
        if (length > (ulong)(_bytes.Length - _position))
        {
            throw new WireFormatException($"A field of {length} bytes does not fit into the {_bytes.Length - _position} bytes left.");
        }

        var start = _position;
        _position += (int)length;
        return start.._position;
    }

    /// <summary>Steps over the value of a field that this version does not know.</summary>
    public void Skip(WireType type)
    {
        switch (type)
        {
            case WireType.Varint:
                ReadVarint();
                break;
            case WireType.Fixed64:
                Advance(8);
                break;
            case WireType.LengthDelimited:
                ReadBytes();
                break;
            case WireType.Fixed32:
                Advance(4);
                break;
            default:
                throw new WireFormatException($"Wire type {(int)type} is not in proto3.");
        }
    }

    public static string ReadString(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes)
        ? Encoding.UTF8.GetString(bytes)
        : throw new WireFormatException("A string is not valid UTF-8.");

    private void Advance(int count)
    {
        if (count > _bytes.Length - _position)
        {
            throw new WireFormatException("The message ends inside a fixed-size field.");
        }

        _position += count;
    }
}
