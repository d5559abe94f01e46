using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Sockets;
using Skiff.Wasi.Quotas;

namespace Skiff.Wasi.Streams;

/// <summary>
/// Writes a pipe, FIFO, terminal, device, stream socket, or a file where it stands. What the kernel does not take at once
/// waits in a buffer; while there is any, the stream is not ready: that is the back-pressure. The buffer goes out by itself, also
/// when the guest never looks at the stream again: it may wait for the answer to what it has written. Takes its hold of the
/// descriptor over.
/// </summary>
internal sealed class DescriptorOutputStream(SharedDescriptor descriptor, ReadinessLoop readiness) : OutputStream
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>A blocking pipe that is writable takes this much without waiting (pipe(7), PIPE_BUF).</summary>
    private const int BlockingWriteBytes = 4096;

    /// <summary>How long bytes of a stream that the guest has dropped are kept for a slow reader.</summary>
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(10);

    // The guest's thread and the pump's.
    private readonly Lock _gate = new();

    private byte[]? _buffer;
    private int _from;
    private int _to;
    private StreamResult _end = StreamResult.WouldBlock;
    private bool _disposed;
    private bool _endsWhenDrained;

    /// <summary>See <see cref="StandardStreams.Of"/>.</summary>
    public bool Lingers { get; init; } = true;

    /// <summary>What is kept here counts as written: the guest waits before its next write.</summary>
    public RateQuota? Rate { get; init; }

    private bool IsHeld => Rate is { IsOpen: false };

    // While a pump runs; it holds the descriptor.
    private CancellationTokenSource? _pump;

    public override bool IsReady
    {
        get
        {
            lock (_gate)
            {
                Drain();

                // Not whether the kernel would take more: a pipe that is full to the brim has taken all of it.
                return !_end.IsOpen || _disposed || (_from == _to && !IsHeld);
            }
        }
    }

    public override ValueTask WaitAsync(CancellationToken cancellation) =>
        !_end.IsOpen || _disposed ? ValueTask.CompletedTask
        : IsHeld ? Rate!.WaitAsync(cancellation)
        : readiness.WaitAsync(descriptor.Handle, Readiness.Writable, cancellation);

    protected override StreamResult Permit()
    {
        lock (_gate)
        {
            Drain();
            if (!_end.IsOpen)
            {
                return TakeEnd();
            }

            return _from == _to && !_endsWhenDrained && !IsHeld ? StreamResult.Moved(BufferBytes) : StreamResult.WouldBlock;
        }
    }

    protected override StreamResult Accept(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            var taken = _from == _to ? TryWrite(bytes) : 0;
            if (!_end.IsOpen)
            {
                return TakeEnd();
            }

            Rate?.Spend(bytes.Length);
            if (taken < bytes.Length)
            {
                Keep(bytes[taken..]);
            }

            return StreamResult.Moved((ulong)bytes.Length);
        }
    }

    protected override StreamResult BeginFlush()
    {
        lock (_gate)
        {
            Drain();
            return _end.IsOpen ? StreamResult.Moved(0) : TakeEnd();
        }
    }

    /// <summary>Shuts a socket's sending side once everything that was written is out. Nothing can be written any more.</summary>
    internal void EndWhenDrained()
    {
        lock (_gate)
        {
            _endsWhenDrained = true;
            Drain();
            if (_from == _to)
            {
                EndSending();
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        lock (_gate)
        {
            Drain();
            _disposed = true;

            // Written is written, also when the guest drops the stream at once. It does not hold the guest up, and not for ever.
            _pump?.CancelAfter(Lingers ? LingerTime : TimeSpan.Zero);
        }

        descriptor.Release();
        base.Dispose(disposing);
    }

    private async Task PumpAsync(SharedDescriptor held, CancellationTokenSource pump)
    {
        try
        {
            while (true)
            {
                await readiness.WaitAsync(held.Handle, Readiness.Writable, pump.Token);
                lock (_gate)
                {
                    Drain();
                    if (_from == _to || !_end.IsOpen)
                    {
                        // In this lock: what is kept next needs another pump.
                        _pump = null;
                        return;
                    }
                }
            }
        }
        catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException)
        {
            // Nobody reads, or the process is on its way out. A process that ended would have dropped the bytes as well.
        }
        finally
        {
            lock (_gate)
            {
                _pump = _pump == pump ? null : _pump;
                pump.Dispose();
            }

            held.Release();
        }
    }

    private void EndSending()
    {
        if (_end.IsOpen)
        {
            SocketCalls.Shutdown(descriptor.Handle, 1);
            _end = StreamResult.Closed;
        }
    }

    // The failure is told once; afterwards the stream is closed.
    private StreamResult TakeEnd()
    {
        var end = _end;
        _end = StreamResult.Closed;
        return end;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        _buffer ??= new byte[BufferBytes];
        if (_from > 0)
        {
            _buffer.AsSpan(_from, _to - _from).CopyTo(_buffer);
            (_from, _to) = (0, _to - _from);
        }

        bytes.CopyTo(_buffer.AsSpan(_to));
        _to += bytes.Length;
        if (_pump is null)
        {
            _pump = new CancellationTokenSource();
            _ = PumpAsync(descriptor.Hold(), _pump);
        }
    }

    private void Drain()
    {
        if (_from < _to && _end.IsOpen)
        {
            _from += TryWrite(_buffer.AsSpan(_from, _to - _from));
            if (_from == _to)
            {
                (_from, _to) = (0, 0);
                if (_endsWhenDrained)
                {
                    EndSending();
                }
            }
        }
    }

    private int TryWrite(ReadOnlySpan<byte> bytes)
    {
        for (var done = 0; ;)
        {
            if (done == bytes.Length)
            {
                return done;
            }

            var part = bytes[done..];
            if (!descriptor.IsNonBlocking)
            {
                if (ReadinessLoop.Now(descriptor.Handle, Readiness.Writable) == Readiness.None)
                {
                    return done;
                }

                part = part[..Math.Min(part.Length, BlockingWriteBytes)];
            }

            var count = FileCalls.Write(descriptor.Handle, part);
            if (count >= 0)
            {
                done += count;
                continue;
            }

            if (count != -Errno.EAGAIN)
            {
                _end = count == -Errno.EPIPE ? StreamResult.Closed : StreamResult.Failed(IoError.Of("write", count));
                (_from, _to) = (0, 0);
                return 0;
            }

            return done;
        }
    }
}
