using System.Buffers;
using System.IO.Pipelines;
using Skiff.Http.Bindings.Http;
using Skiff.Wasi.Streams;

namespace Skiff.Http.Messages;

/// <summary>
/// A body that comes over the network, read only when a guest asks for it: what it does not ask for stays in the socket, which is
/// the back-pressure. Used by the guest's turn alone; only a read's end comes from elsewhere.
/// </summary>
internal abstract class BodyReader : IDisposable
{
    private readonly PipeReader _reader;
    private readonly TimeSpan _betweenBytes;
    private readonly TimeProvider _time;
    private ReadOnlySequence<byte> _held;
    private bool _holds;
    private bool _last;
    private Task<ReadResult>? _pending;
    private bool _disposed;

    /// <param name="betweenBytes">How long the other side may be silent in the middle; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    protected BodyReader(PipeReader reader, TimeSpan betweenBytes, TimeProvider time) =>
        (_reader, _betweenBytes, _time) = (reader, betweenBytes, time);

    /// <summary>All of it was read: the trailers are there.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>Why there is no more; null while nothing failed.</summary>
    public HttpIoError? Error { get; private set; }

    public bool IsReady
    {
        get
        {
            if (!_holds && IsOpen)
            {
                Fetch();
            }

            return _holds || !IsOpen;
        }
    }

    private bool IsOpen => !IsAtEnd && Error is null && !_disposed;

    /// <summary>The trailers; only <see cref="IsAtEnd"/>. Null for none.</summary>
    public abstract Fields? Trailers();

    public StreamResult Read(Span<byte> buffer)
    {
        if (!IsReady)
        {
            return StreamResult.WouldBlock;
        }

        if (!IsOpen)
        {
            return Error is null ? StreamResult.Closed : StreamResult.Failed(Error);
        }

        // Taken before the pipe gets its segments back: afterwards the slice is nobody's, and its length any number.
        var count = Math.Min(buffer.Length, _held.Length);
        _held.Slice(0, count).CopyTo(buffer);
        Consume(count);
        return StreamResult.Moved((ulong)count);
    }

    public async ValueTask WaitAsync(CancellationToken cancellation)
    {
        if (IsReady)
        {
            return;
        }

        try
        {
            await _pending!.WaitAsync(_betweenBytes, _time, cancellation);
        }
        catch (TimeoutException)
        {
            Fail(new HttpIoError(ErrorCode.ConnectionReadTimeout, $"nothing came for {_betweenBytes.TotalSeconds} s in the middle of a body"));
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // Fetch sees it again and says what it means.
        }
    }

    /// <summary>Reads the rest and forgets it, for the trailers behind it.</summary>
    /// <returns>Whether the end is reached, or will never be.</returns>
    public bool Skip()
    {
        while (IsReady && IsOpen)
        {
            Consume(_held.Length);
        }

        return !IsOpen;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_pending is { IsCompleted: false })
        {
            _reader.CancelPendingRead();
        }
        else if (_holds)
        {
            _reader.AdvanceTo(_held.Start);
            _holds = false;
        }

        Close();
    }

    /// <summary>Lets go of what lies beneath.</summary>
    protected abstract void Close();

    private void Consume(long count)
    {
        _held = _held.Slice(count);
        if (!_held.IsEmpty)
        {
            return;
        }

        _reader.AdvanceTo(_held.End);
        _holds = false;
        IsAtEnd = _last;
    }

    private void Fetch()
    {
        try
        {
            if (_pending is null)
            {
                if (_reader.TryRead(out var there))
                {
                    Hold(there);
                    if (_holds || !IsOpen)
                    {
                        return;
                    }
                }

                _pending = _reader.ReadAsync().AsTask();
            }

            if (_pending.IsCompleted)
            {
                var read = _pending;
                _pending = null;
                Hold(read.GetAwaiter().GetResult());
            }
        }
        catch (Exception fault)
        {
            _pending = null;
            Fail(new HttpIoError(HttpFault.CodeOf(fault), fault.Message));
        }
    }

    private void Hold(ReadResult read)
    {
        (_held, _last) = (read.Buffer, read.IsCompleted);
        if (!_held.IsEmpty)
        {
            _holds = true;
            return;
        }

        _reader.AdvanceTo(_held.End);
        IsAtEnd = _last;
    }

    private void Fail(HttpIoError error) => Error ??= error;
}
