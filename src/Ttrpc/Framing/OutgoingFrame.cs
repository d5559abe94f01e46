using System.Buffers;
using System.Buffers.Binary;

namespace Skiff.Ttrpc;

/// <summary>
/// A whole frame in a rented array. Whoever holds it returns it exactly once, after the write has ended.
/// </summary>
internal readonly struct OutgoingFrame
{
    private readonly byte[] _rented;
    private readonly int _length;

    /// <summary>Rents the frame and writes its header; the caller fills <see cref="Data"/>.</summary>
    public OutgoingFrame(FrameType type, uint streamId, int dataLength)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dataLength, FrameHeader.DataBytesMax);
        _length = FrameHeader.SizeBytes + dataLength;
        _rented = ArrayPool<byte>.Shared.Rent(_length);
        new FrameHeader((uint)dataLength, streamId, type, FrameFlags.None).Write(_rented);
    }

    public Span<byte> Data => _rented.AsSpan(FrameHeader.SizeBytes, _length - FrameHeader.SizeBytes);

    public ReadOnlyMemory<byte> Bytes => _rented.AsMemory(0, _length);

    /// <summary>A client's stream id is only known when the frame's turn to be written has come: ids must increase on the wire.</summary>
    public void SetStreamId(uint streamId) => BinaryPrimitives.WriteUInt32BigEndian(_rented.AsSpan(4), streamId);

    public void Return() => ArrayPool<byte>.Shared.Return(_rented);
}
