namespace Skiff.Wasi.Streams;

/// <summary>
/// Bytes to a guest: <c>wasi:io/streams.input-stream</c>. What derives from it gives the three non-waiting members; the
/// waiting ones are made of them here.
/// </summary>
public abstract partial class InputStream : IDisposable
{
    /// <summary>Most bytes that one call hands to a guest: it bounds what a guest's number can make the host allocate.</summary>
    public const int ReadBytesMax = 64 * 1024;

    private WaitLifetime _waits;
    private byte[]? _buffer;

    /// <summary>Whether <see cref="Read(Span{byte})"/> has an answer now: bytes, the end or a failure.</summary>
    public abstract bool IsReady { get; }

    /// <summary>Reads what is there without waiting. An empty buffer reads nothing.</summary>
    public abstract StreamResult Read(Span<byte> buffer);

    /// <summary>Completes when <see cref="IsReady"/> may have become true; see <see cref="Pollable.WaitAsync"/>.</summary>
    public abstract ValueTask WaitAsync(CancellationToken cancellation);

    /// <summary>
    /// Reads at most <paramref name="length"/> bytes without waiting, and no more than <see cref="ReadBytesMax"/>. They
    /// stand in a buffer of the stream's, until the next call.
    /// </summary>
    public StreamResult Read(ulong length, out ReadOnlyMemory<byte> bytes)
    {
        var wanted = (int)Math.Min(length, ReadBytesMax);
        if (_buffer is null || _buffer.Length < wanted)
        {
            _buffer = new byte[wanted];
        }

        var result = Read(_buffer.AsSpan(0, wanted));
        bytes = _buffer.AsMemory(0, (int)result.Count);
        return result;
    }

    /// <summary>Reads and forgets.</summary>
    public virtual StreamResult Skip(ulong length) => Read(length, out _);

    /// <summary>Waits until there is an answer. At once when the stream is dropped: cancelled.</summary>
    public ValueTask WaitUntilReadyAsync() => IsReady ? ValueTask.CompletedTask : WaitLoopAsync();

    public Pollable Subscribe() => new ReadyToRead(this);

    public void Dispose()
    {
        _waits.End();
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }

    private async ValueTask WaitLoopAsync()
    {
        var token = _waits.Token;
        do
        {
            await WaitAsync(token);
        }
        while (!IsReady);
    }

    // A stream that is gone has nothing to wait for.
    private sealed class ReadyToRead(InputStream stream) : Pollable
    {
        public override bool IsReady => stream._waits.IsOver || stream.IsReady;

        public override ValueTask WaitAsync(CancellationToken cancellation) => stream.WaitAsync(cancellation);
    }
}
