using Skiff.Engine;

namespace Skiff.Wasi.Streams;

/// <summary>
/// Bytes from a guest: <c>wasi:io/streams.output-stream</c>. What derives from it says how much it takes now
/// (<see cref="Permit"/>), takes it (<see cref="Accept"/>) and passes it on (<see cref="BeginFlush"/>); the rest is here.
/// </summary>
public abstract partial class OutputStream : IDisposable
{
    /// <summary><c>blocking-write-and-flush</c> and <c>blocking-write-zeroes-and-flush</c> take no more at once (wasi:io).</summary>
    public const int BlockingWriteBytesMax = 4096;

    private const int SpliceBytesMax = 64 * 1024;

    private WaitLifetime _waits;
    private ulong _permitted;

    private static ReadOnlySpan<byte> Zeroes => new byte[BlockingWriteBytesMax];

    /// <summary>Whether <see cref="CheckWrite"/> has an answer now: more than 0 bytes, the end or a failure. A flush that runs is not ready.</summary>
    public abstract bool IsReady { get; }

    /// <summary>Completes when <see cref="IsReady"/> may have become true; see <see cref="Pollable.WaitAsync"/>.</summary>
    public abstract ValueTask WaitAsync(CancellationToken cancellation);

    /// <summary>How many bytes may be written now; 0 while it is not ready.</summary>
    public StreamResult CheckWrite()
    {
        var result = Permit();
        _permitted = result.Count;
        return result;
    }

    /// <summary>Writes all of it, without waiting.</summary>
    /// <exception cref="GuestTrapException">It is more than the last <see cref="CheckWrite"/> permitted.</exception>
    public StreamResult Write(ReadOnlySpan<byte> bytes)
    {
        Spend((ulong)bytes.Length);
        return bytes.IsEmpty ? StreamResult.Moved(0) : Accept(bytes);
    }

    /// <summary><see cref="Write"/> of that many zeros.</summary>
    public StreamResult WriteZeroes(ulong length)
    {
        Spend(length);
        for (var left = length; left > 0;)
        {
            var part = (int)Math.Min(left, (ulong)Zeroes.Length);
            var result = Accept(Zeroes[..part]);
            if (!result.IsOpen)
            {
                return result;
            }

            left -= (ulong)part;
        }

        return StreamResult.Moved(length);
    }

    /// <summary>Asks that all bytes so far be passed on; the stream is ready again when they are.</summary>
    public StreamResult Flush()
    {
        _permitted = 0;
        return BeginFlush();
    }

    /// <summary>Moves bytes that are there from a stream to this one, without waiting.</summary>
    public StreamResult Splice(InputStream source, ulong length)
    {
        var permit = CheckWrite();
        if (!permit.IsOpen || permit.Count == 0)
        {
            return permit;
        }

        var result = source.Read(Math.Min(Math.Min(length, permit.Count), SpliceBytesMax), out var bytes);
        if (!result.IsOpen || result.Count == 0)
        {
            return result;
        }

        var written = Write(bytes.Span);
        return written.IsOpen ? StreamResult.Moved(result.Count) : written;
    }

    /// <summary>Writes all of it, waiting as often as needed; the bytes are copied when it does. Ends passed on.</summary>
    public ValueTask<StreamResult> WriteAndFlushAsync(ReadOnlySpan<byte> bytes)
    {
        var permit = CheckWrite();
        if (permit.IsOpen && permit.Count >= (ulong)bytes.Length)
        {
            var result = Write(bytes);
            if (result.IsOpen)
            {
                result = Flush();
            }

            return result.IsOpen && !IsReady
                ? FinishFlushAsync()
                : new ValueTask<StreamResult>(result.IsOpen ? CheckWrite() : result);
        }

        return permit.IsOpen ? WriteSlowlyAsync(bytes.ToArray()) : new ValueTask<StreamResult>(permit);
    }

    /// <summary>Flushes and waits for it.</summary>
    public ValueTask<StreamResult> FlushAsync()
    {
        var result = Flush();
        return result.IsOpen && !IsReady ? FinishFlushAsync() : new ValueTask<StreamResult>(result.IsOpen ? CheckWrite() : result);
    }

    /// <summary>Waits until there is an answer. At once when the stream is dropped: cancelled.</summary>
    public ValueTask WaitUntilReadyAsync() => IsReady ? ValueTask.CompletedTask : WaitLoopAsync();

    public Pollable Subscribe() => new ReadyToWrite(this);

    public void Dispose()
    {
        _waits.End();
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>How many bytes <see cref="Accept"/> would take now, without waiting; 0 while not ready.</summary>
    protected abstract StreamResult Permit();

    /// <summary>Takes all of it: no more than <see cref="Permit"/> said. The bytes may be guest memory: gone when this returns.</summary>
    protected abstract StreamResult Accept(ReadOnlySpan<byte> bytes);

    /// <summary>Begins to pass on what was accepted. While that lasts, the stream is not ready.</summary>
    protected abstract StreamResult BeginFlush();

    protected virtual void Dispose(bool disposing)
    {
    }

    private void Spend(ulong length)
    {
        if (length > _permitted)
        {
            throw new GuestTrapException($"write of {length} bytes to a stream that permitted {_permitted}");
        }

        _permitted -= length;
    }

    private async ValueTask<StreamResult> WriteSlowlyAsync(byte[] bytes)
    {
        for (var written = 0; written < bytes.Length;)
        {
            await WaitUntilReadyAsync();
            var result = CheckWrite();
            if (result.IsOpen)
            {
                var part = (int)Math.Min(result.Count, (ulong)(bytes.Length - written));
                result = Write(bytes.AsSpan(written, part));
                written += part;
            }

            if (!result.IsOpen)
            {
                return result;
            }
        }

        return await FlushAsync();
    }

    private async ValueTask<StreamResult> FinishFlushAsync()
    {
        await WaitLoopAsync();
        return CheckWrite();
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
    private sealed class ReadyToWrite(OutputStream stream) : Pollable
    {
        public override bool IsReady => stream._waits.IsOver || stream.IsReady;

        public override ValueTask WaitAsync(CancellationToken cancellation) => stream.WaitAsync(cancellation);
    }
}
