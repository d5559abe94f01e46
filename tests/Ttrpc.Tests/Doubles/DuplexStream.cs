using System.Threading.Channels;

namespace Skiff.Ttrpc.Tests.Doubles;

/// <summary>One end of a connection in memory. What one end writes, the other reads, in pieces of at most <c>pieceBytesMax</c>.</summary>
internal sealed class DuplexStream : Stream
{
    private readonly ChannelReader<byte[]> _incoming;
    private readonly ChannelWriter<byte[]> _outgoing;
    private readonly int _pieceBytesMax;
    private readonly CancellationTokenSource _disposed = new();
    private ReadOnlyMemory<byte> _rest;

    private DuplexStream(ChannelReader<byte[]> incoming, ChannelWriter<byte[]> outgoing, int pieceBytesMax) =>
        (_incoming, _outgoing, _pieceBytesMax) = (incoming, outgoing, pieceBytesMax);

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public static (DuplexStream One, DuplexStream Other) CreatePair(int pieceBytesMax = int.MaxValue)
    {
        var forth = Channel.CreateUnbounded<byte[]>();
        var back = Channel.CreateUnbounded<byte[]>();
        return (new(back, forth, pieceBytesMax), new(forth, back, pieceBytesMax));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_rest.IsEmpty)
        {
            try
            {
                if (!await _incoming.WaitToReadAsync(_disposed.Token))
                {
                    return 0;
                }
            }
            catch (OperationCanceledException)
            {
                throw new ObjectDisposedException(nameof(DuplexStream));
            }

            _rest = await _incoming.ReadAsync(CancellationToken.None);
        }

        var count = Math.Min(Math.Min(_rest.Length, buffer.Length), _pieceBytesMax);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        if (!buffer.IsEmpty && !_outgoing.TryWrite(buffer.ToArray()))
        {
            throw new IOException("The other end is closed.");
        }

        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _disposed.Cancel();
        _outgoing.TryComplete();
        base.Dispose(disposing);
    }
}
