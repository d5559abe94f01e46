using System.Buffers.Binary;

namespace Skiff.Ttrpc.Tests.Doubles;

/// <summary>A client that speaks in bytes, independent of the code under test.</summary>
internal sealed class RawPeer(Stream stream) : IDisposable
{
    public ValueTask SendAsync(params byte[] bytes) => stream.WriteAsync(bytes);

    public ValueTask SendFrameAsync(uint streamId, byte type, byte flags, params byte[] data) =>
        stream.WriteAsync(Frame(streamId, type, flags, data));

    public static byte[] Frame(uint streamId, byte type, byte flags, params byte[] data)
    {
        var frame = new byte[10 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), streamId);
        (frame[8], frame[9]) = (type, flags);
        data.CopyTo(frame, 10);
        return frame;
    }

    public async Task<byte[]> ReceiveFrameAsync()
    {
        var header = new byte[10];
        await stream.ReadExactlyAsync(header);
        var frame = new byte[10 + BinaryPrimitives.ReadInt32BigEndian(header)];
        header.CopyTo(frame, 0);
        await stream.ReadExactlyAsync(frame.AsMemory(10));
        return frame;
    }

    /// <summary>The next answer: its stream id, status and text. Decoding is tested on its own by golden bytes.</summary>
    public async Task<(uint StreamId, TtrpcStatus Status, string Text)> ReceiveAnswerAsync()
    {
        var frame = await ReceiveFrameAsync();
        Assert.Equal(2, frame[8]);
        var response = ResponseMessage.Decode(frame.AsMemory(10));
        return (BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(4)), response.Status, response.Message);
    }

    public async Task AssertClosedAsync()
    {
        try
        {
            Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        }
        catch (IOException)
        {
            // A reset is an end as well: the server closed with bytes of ours unread.
        }
    }

    public void Dispose() => stream.Dispose();
}
