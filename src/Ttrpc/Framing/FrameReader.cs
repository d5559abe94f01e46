using System.Buffers;

namespace Skiff.Ttrpc;

/// <summary>
/// Reads frames from a stream: a header, then its data read or skipped. Not thread-safe; one reader per connection.
/// Throws <see cref="TtrpcConnectionException"/> when the stream ends inside a frame.
/// </summary>
internal sealed class FrameReader(Stream stream)
{
    /// <summary>
    /// What an idle connection keeps. Nearly all of containerd's requests fit, so header and data come with one system call.
    /// </summary>
    private const int BufferBytes = 512;

    /// <summary>Data is allocated as it arrives, doubling from here: a header alone must not cost its sender's victim 4 MiB.</summary>
    private const int FirstAllocationBytesMax = 16 * 1024;

    private const int SkipBytes = 64 * 1024;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;

    /// <returns>The next header, or null when the peer closed the stream between two frames.</returns>
    public async ValueTask<FrameHeader?> ReadHeaderAsync()
    {
        while (_end - _start < FrameHeader.SizeBytes)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
            var count = await stream.ReadAsync(_buffer.AsMemory(_end));
            if (count == 0)
            {
                return _end == 0 ? null : throw new TtrpcConnectionException("The peer closed the connection inside a frame header.");
            }

            _end += count;
        }

        var header = FrameHeader.Read(_buffer.AsSpan(_start));
        _start += FrameHeader.SizeBytes;
        return header;
    }

    /// <param name="length">Data length of the header just read, at most <see cref="FrameHeader.DataBytesMax"/>.</param>
    public async ValueTask<byte[]> ReadDataAsync(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, FrameHeader.DataBytesMax);
        var buffered = Math.Min(length, _end - _start);
        var data = new byte[Math.Min(length, Math.Max(buffered, FirstAllocationBytesMax))];
        _buffer.AsSpan(_start, buffered).CopyTo(data);
        _start += buffered;

        for (var filled = buffered; filled < length;)
        {
            if (filled == data.Length)
            {
                Array.Resize(ref data, Math.Min(length, data.Length * 2));
            }

            var count = await stream.ReadAsync(data.AsMemory(filled));
            filled += count > 0 ? count : throw EndedInsideData(filled, length);
        }

        return data;
    }

    /// <summary>Reads and drops the data of the header just read, whatever its length.</summary>
    public async ValueTask SkipDataAsync(uint length)
    {
        var buffered = (uint)Math.Min(length, _end - _start);
        _start += (int)buffered;
        if (buffered == length)
        {
            return;
        }

        var scratch = ArrayPool<byte>.Shared.Rent((int)Math.Min(length - buffered, SkipBytes));
        try
        {
            for (var skipped = buffered; skipped < length;)
            {
                var count = await stream.ReadAsync(scratch.AsMemory(0, (int)Math.Min((uint)scratch.Length, length - skipped)));
                skipped += count > 0 ? (uint)count : throw EndedInsideData(skipped, length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private static TtrpcConnectionException EndedInsideData(long received, long length) =>
        new($"The peer closed the connection after {received} of {length} bytes of a frame's data.");
}
