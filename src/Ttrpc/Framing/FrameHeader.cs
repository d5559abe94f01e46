using System.Buffers.Binary;

namespace Skiff.Ttrpc;

/// <summary>
/// The header before every message (ttrpc PROTOCOL.md, "Message Frame"; all numbers big endian):
/// <code>
///  0               4               8      9      10
/// +---------------+---------------+------+-------+------------------
/// | data length   | stream id     | type | flags | data (length bytes)
/// +---------------+---------------+------+-------+------------------
/// </code>
/// </summary>
internal readonly record struct FrameHeader(uint DataLength, uint StreamId, FrameType Type, FrameFlags Flags)
{
    public const int SizeBytes = 10;

    /// <summary>Largest data of one frame in bytes, fixed by the protocol.</summary>
    public const int DataBytesMax = 4 * 1024 * 1024;

    public bool IsOversize => DataLength > DataBytesMax;

    public static FrameHeader Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32BigEndian(bytes),
        BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
        (FrameType)bytes[8],
        (FrameFlags)bytes[9]);

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, DataLength);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], StreamId);
        bytes[8] = (byte)Type;
        bytes[9] = (byte)Flags;
    }
}
