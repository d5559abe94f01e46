using System.Net.Sockets;

namespace Skiff.Ttrpc;

/// <summary>
/// One connection to a TTRPC server. Calls may be made from anywhere at the same time. When the connection ends, every
/// pending and every later call fails with <see cref="TtrpcConnectionException"/>; make a new client then.
/// </summary>
public sealed class TtrpcClient : IAsyncDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly Stream _stream;
    private readonly TimeProvider _time;
    private readonly FrameReader _reader;
    private readonly SemaphoreSlim _writeTurn = new(1, 1);
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, PendingCall> _pending = [];
    private readonly TaskCompletionSource<TtrpcConnectionException> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;

    // Guarded by _gate, as is _pending.
    private TtrpcConnectionException? _endCause;

    // Changed only by who has the write turn.
    private uint _nextStreamId = 1;

    /// <summary>Owns <paramref name="stream"/>, a connected duplex stream.</summary>
    internal TtrpcClient(Stream stream, TimeProvider time)
    {
        (_stream, _time, _reader) = (stream, time, new FrameReader(stream));
        _reading = ReadAsync();
    }

    /// <summary>Ends with the connection; its result says why. Never fails.</summary>
    public Task<TtrpcConnectionException> Ended => _ended.Task;

    /// <param name="address">See <see cref="TtrpcAddress"/>.</param>
    /// <param name="time">The clock of timeouts; null for the system's.</param>
    /// <exception cref="TtrpcConnectionException">Nobody listens there, or this process may not connect.</exception>
    public static async Task<TtrpcClient> ConnectAsync(
        string address, TimeProvider? time = null, CancellationToken cancellation = default)
    {
        var endPoint = TtrpcAddress.Parse(address);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(endPoint, cancellation);
            return new TtrpcClient(new NetworkStream(socket, ownsSocket: true), time ?? TimeProvider.System);
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new TtrpcConnectionException($"Cannot connect to {address}: {failure.Message}", failure);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Makes one call and returns the payload of its answer.</summary>
    /// <param name="timeout">Sent as <c>timeout_nano</c> and held on this side too; null waits for ever.</param>
    /// <param name="cancellation">Gives up waiting. The protocol cannot tell the server: it works on and its answer is dropped.</param>
    /// <exception cref="TtrpcException">The server answered a status, or the timeout passed (DeadlineExceeded).</exception>
    /// <exception cref="TtrpcConnectionException">The connection ended before the answer came.</exception>
    public async Task<ReadOnlyMemory<byte>> CallAsync(
        string service,
        string method,
        ReadOnlyMemory<byte> payload,
        TimeSpan? timeout = null,
        IReadOnlyList<KeyValuePair<string, string>>? metadata = null,
        CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(service);
        ArgumentException.ThrowIfNullOrEmpty(method);
        cancellation.ThrowIfCancellationRequested();
        var wait = CheckTimeout(timeout);
        var timeoutNano = wait is { } limit ? limit.Ticks * TimeSpan.NanosecondsPerTick : 0;
        var frame = new RequestMessage(service, method, payload, timeoutNano, metadata ?? []).Encode(streamId: 0);
        var call = new PendingCall();
        _ = SendAsync(call, frame);
        try
        {
            return await call.Answer.WaitAsync(wait ?? Timeout.InfiniteTimeSpan, _time, cancellation);
        }
        catch (TimeoutException)
        {
            throw new TtrpcException(
                TtrpcStatus.DeadlineExceeded, $"{service}/{method} did not answer within {wait!.Value.TotalSeconds} s.");
        }
        finally
        {
            Forget(call);
        }
    }

    /// <summary>Closes the connection; pending calls fail.</summary>
    public async ValueTask DisposeAsync()
    {
        Abort(new TtrpcConnectionException("The connection was closed by this side."));
        await _reading;
    }

    /// <summary>Owns and returns <paramref name="frame"/>. Never throws: a failure to send ends the connection and so the call.</summary>
    private async Task SendAsync(PendingCall call, OutgoingFrame frame)
    {
        // The turn is not cancellable, and neither is the write: half a frame would ruin the connection for every other call.
        await _writeTurn.WaitAsync();
        try
        {
            if (TryRegister(call))
            {
                frame.SetStreamId(call.StreamId);
                await _stream.WriteAsync(frame.Bytes);
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            Abort(new TtrpcConnectionException("A request could not be sent: " + failure.Message, failure));
        }
        finally
        {
            _writeTurn.Release();
            frame.Return();
        }
    }

    private bool TryRegister(PendingCall call)
    {
        lock (_gate)
        {
            if (call.IsAbandoned)
            {
                return false;
            }

            if (_endCause is { } cause)
            {
                call.Fail(Echo(cause));
                return false;
            }

            if (_nextStreamId > uint.MaxValue - 2)
            {
                call.Fail(new TtrpcConnectionException("The connection has used up its stream ids; connect again."));
                return false;
            }

            call.StreamId = _nextStreamId;
            _nextStreamId += 2;
            _pending.Add(call.StreamId, call);
            return true;
        }
    }

    private void Forget(PendingCall call)
    {
        lock (_gate)
        {
            call.IsAbandoned = true;
            _pending.Remove(call.StreamId);
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            await ReadLoopAsync();
            Abort(new TtrpcConnectionException("The server closed the connection."));
        }
        catch (TtrpcConnectionException cause)
        {
            Abort(cause);
        }
        catch (Exception failure)
        {
            Abort(new TtrpcConnectionException("The connection was lost: " + failure.Message, failure));
        }
    }

    private async Task ReadLoopAsync()
    {
        while (await _reader.ReadHeaderAsync() is { } header)
        {
            var call = header.Type == FrameType.Response ? Take(header.StreamId) : null;
            if (call is null)
            {
                // The answer to a call that gave up, or a frame of a streaming call that nobody made.
                await _reader.SkipDataAsync(header.DataLength);
            }
            else
            {
                await CompleteAsync(call, header);
            }
        }
    }

    private async ValueTask CompleteAsync(PendingCall call, FrameHeader header)
    {
        try
        {
            if (header.IsOversize)
            {
                await _reader.SkipDataAsync(header.DataLength);
                call.Fail(new TtrpcException(
                    TtrpcStatus.ResourceExhausted,
                    $"The answer has {header.DataLength} bytes; a TTRPC frame holds at most {FrameHeader.DataBytesMax}."));
                return;
            }

            call.Complete(ResponseMessage.Decode(await _reader.ReadDataAsync((int)header.DataLength)));
        }
        catch (WireFormatException fault)
        {
            call.Fail(new TtrpcException(TtrpcStatus.Internal, "The answer cannot be decoded: " + fault.Message, fault));
        }
        catch (Exception failure)
        {
            // The call is no longer in the table, so the connection's end does not reach it.
            call.Fail(new TtrpcConnectionException("The connection was lost inside the answer: " + failure.Message, failure));
            throw;
        }
    }

    private PendingCall? Take(uint streamId)
    {
        lock (_gate)
        {
            return _pending.Remove(streamId, out var call) ? call : null;
        }
    }

    private void Abort(TtrpcConnectionException cause)
    {
        PendingCall[] calls;
        lock (_gate)
        {
            if (_endCause is not null)
            {
                return;
            }

            _endCause = cause;
            calls = [.. _pending.Values];
            _pending.Clear();
        }

        _stream.Dispose();
        foreach (var call in calls)
        {
            call.Fail(Echo(cause));
        }

        _ended.TrySetResult(cause);
    }

    // One exception object per call: a thrown exception records where it was thrown, so callers must not share it.
    private static TtrpcConnectionException Echo(TtrpcConnectionException cause) => new(cause.Message, cause);

    private static TimeSpan? CheckTimeout(TimeSpan? timeout)
    {
        if (timeout is { } value)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero, nameof(timeout));
        }

        // Seven weeks is the longest timer there is, and beyond any caller's life.
        return timeout > LongestTimer ? null : timeout;
    }
}
