using System.Numerics;
using System.Text;

namespace Skiff.Ttrpc;

/// <summary>
/// Writes the protobuf wire format into a span of exactly the right size. As in proto3, a field with its default value
/// (0, empty) is not written; the <c>…Size</c> methods count by the same rule.
/// </summary>
internal ref struct WireWriter(Span<byte> bytes)
{
    private readonly Span<byte> _bytes = bytes;
    private int _position;

    public static int VarintSize(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    public static int VarintFieldSize(int field, ulong value) => value == 0 ? 0 : TagSize(field) + VarintSize(value);

    public static int BytesFieldSize(int field, int length) => length == 0 ? 0 : MessageFieldSize(field, length);

    /// <summary>Size of an embedded message: written also when empty, since its presence means something.</summary>
    public static int MessageFieldSize(int field, int length) => checked(TagSize(field) + VarintSize((ulong)length) + length);

    public static int StringFieldSize(int field, string value) => BytesFieldSize(field, Encoding.UTF8.GetByteCount(value));

    public void VarintField(int field, ulong value)
    {
        if (value != 0)
        {
            Tag(field, WireType.Varint);
            Varint(value);
        }
    }

    public void BytesField(int field, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
        {
            MessageField(field, value.Length);
            value.CopyTo(_bytes[_position..]);
            _position += value.Length;
        }
    }

    public void StringField(int field, string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        if (length != 0)
        {
            MessageField(field, length);
            _position += Encoding.UTF8.GetBytes(value, _bytes[_position..]);
        }
    }

    /// <summary>Tag and length of an embedded message, whose fields follow.</summary>
    public void MessageField(int field, int length)
    {
        Tag(field, WireType.LengthDelimited);
        Varint((ulong)length);
    }

    private static int TagSize(int field) => VarintSize((ulong)field << 3);

    private void Tag(int field, WireType type) => Varint(((ulong)field << 3) | (uint)type);

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _bytes[_position++] = (byte)(value | 0x80);
        }

        _bytes[_position++] = (byte)value;
    }
}
