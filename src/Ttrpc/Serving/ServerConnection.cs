using System.Diagnostics.CodeAnalysis;

namespace Skiff.Ttrpc;

/// <summary>
/// One client's connection: a loop that reads requests, calls in flight beside it, and one turn to write.
/// Owns the stream. <see cref="RunAsync"/> never throws.
/// </summary>
internal sealed class ServerConnection(TtrpcServer server, Stream stream) : IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly FrameReader _reader = new(stream);
    private readonly SemaphoreSlim _writeTurn = new(1, 1);
    private readonly CancellationTokenSource _calls = new();

    // Changed by the reading loop and by the calls' ends, so only by Interlocked.
    private int _callsInFlight;
    private long _requestBytes;
    private TtrpcConnectionException? _endCause;
    private int _ended;

    // Changed by the reading loop only.
    private uint _lastStreamId;

    public TimeProvider Time => server.Options.Time;

    /// <summary>Cancelled when the connection is lost or the server's grace is over.</summary>
    public CancellationToken CallsCancelled => _calls.Token;

    public async Task RunAsync()
    {
        try
        {
            await ReadLoopAsync();
        }
        catch (TtrpcConnectionException cause)
        {
            Abort(cause);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            Abort(new TtrpcConnectionException("The connection was lost: " + failure.Message, failure));
        }
        catch (Exception failure)
        {
            Abort(new TtrpcConnectionException("The connection was closed by a fault of this server: " + failure.Message, failure));
        }

        Volatile.Write(ref _ended, 1);
        await stream.DisposeAsync();
        await CancelCallsAsync();
        if (_endCause is { } end && !server.IsStopping)
        {
            server.Options.ConnectionBroken?.Invoke(end);
        }
    }

    /// <summary>Closes the stream, which ends the reading loop. The first cause wins; what follows from it is only its echo.</summary>
    public void Abort(TtrpcConnectionException cause)
    {
        Interlocked.CompareExchange(ref _endCause, cause, null);
        stream.Dispose();
    }

    public async Task CancelCallsAsync()
    {
        try
        {
            await _calls.CancelAsync();
        }
        catch (AggregateException failure)
        {
            // A handler's own cancellation callback threw. Its call goes on to its end; the other calls were cancelled all the same.
            server.Options.HandlerFailed?.Invoke(new TtrpcCall("", ""), failure);
        }
    }

    /// <summary>Sends one answer. When the connection is gone there is nobody to tell, so this does not throw.</summary>
    public async ValueTask AnswerAsync(uint streamId, ResponseMessage response)
    {
        if (Volatile.Read(ref _ended) != 0)
        {
            return;
        }

        var frame = response.Encode(streamId);
        await _writeTurn.WaitAsync();
        try
        {
            await stream.WriteAsync(frame.Bytes);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            Abort(new TtrpcConnectionException("An answer could not be sent: " + failure.Message, failure));
        }
        finally
        {
            _writeTurn.Release();
            frame.Return();
        }
    }

    public void HandlerFailed(TtrpcCall call, Exception failure) => server.Options.HandlerFailed?.Invoke(call, failure);

    public void CallEnded(ServerCall call)
    {
        Interlocked.Add(ref _requestBytes, -call.RequestBytes);
        Interlocked.Decrement(ref _callsInFlight);
        server.LeaveCall();
    }

    public void Dispose()
    {
        stream.Dispose();
        _writeTurn.Dispose();
        _calls.Dispose();
    }

    private async Task ReadLoopAsync()
    {
        while (await _reader.ReadHeaderAsync() is { } header)
        {
            if (header.Type != FrameType.Request)
            {
                // Data of a streaming call that was refused, or a type of a later protocol version.
                await _reader.SkipDataAsync(header.DataLength);
                continue;
            }

            await CheckStreamIdAsync(header.StreamId);
            if (header.IsOversize)
            {
                await _reader.SkipDataAsync(header.DataLength);
                await RefuseAsync(
                    header.StreamId,
                    TtrpcStatus.ResourceExhausted,
                    $"The request has {header.DataLength} bytes; a TTRPC frame holds at most {FrameHeader.DataBytesMax}.");
                continue;
            }

            await DispatchAsync(header, await _reader.ReadDataAsync((int)header.DataLength));
        }
    }

    private async ValueTask CheckStreamIdAsync(uint streamId)
    {
        var fault = streamId % 2 == 0 ? $"Stream id {streamId} is even; a client's ids are odd."
            : streamId <= _lastStreamId ? $"Stream id {streamId} follows {_lastStreamId}; ids must increase."
            : null;
        if (fault is not null)
        {
            await RefuseAsync(streamId, TtrpcStatus.InvalidArgument, fault);
            throw new TtrpcConnectionException(fault);
        }

        _lastStreamId = streamId;
    }

    private async ValueTask DispatchAsync(FrameHeader header, byte[] data)
    {
        // 1. Understand the request.
        if (!TryDecode(data, out var request, out var fault))
        {
            await RefuseAsync(header.StreamId, TtrpcStatus.InvalidArgument, "The request cannot be decoded: " + fault);
            return;
        }

        // 2. Find who answers it.
        if (!server.TryFindHandler(request, header.Flags, out var handler, out var reason))
        {
            await RefuseAsync(header.StreamId, TtrpcStatus.Unimplemented, reason);
            return;
        }

        if (request.TimeoutNano < 0)
        {
            await RefuseAsync(header.StreamId, TtrpcStatus.DeadlineExceeded, "The deadline had passed before the request was sent.");
            return;
        }

        // 3. Admit it. Refusals are written by this loop, so a peer that does not read its answers is not read either.
        if (!TryAdmit(data.Length))
        {
            await RefuseAsync(
                header.StreamId,
                TtrpcStatus.ResourceExhausted,
                "Too many calls are in flight on this connection; wait for some to end.");
            return;
        }

        var call = new ServerCall(this, header.StreamId, data.Length, handler, request, TimeoutOf(request));
        if (!server.TryEnterCall())
        {
            await RefuseAsync(header.StreamId, TtrpcStatus.Unavailable, "The server is stopping.");
            await call.DisposeAsync();
            CallEnded(call);
            return;
        }

        // 4. Run it beside the others.
        ThreadPool.UnsafeQueueUserWorkItem(call, preferLocal: false);
    }

    private ValueTask RefuseAsync(uint streamId, TtrpcStatus status, string reason) =>
        AnswerAsync(streamId, ResponseMessage.Failure(status, reason));

    private bool TryAdmit(int requestBytes)
    {
        if (_callsInFlight >= server.Options.CallsPerConnectionMax
            || Interlocked.Read(ref _requestBytes) + requestBytes > server.Options.RequestBytesPerConnectionMax)
        {
            return false;
        }

        Interlocked.Increment(ref _callsInFlight);
        Interlocked.Add(ref _requestBytes, requestBytes);
        return true;
    }

    private static bool TryDecode(byte[] data, out RequestMessage request, [NotNullWhen(false)] out string? fault)
    {
        try
        {
            (request, fault) = (RequestMessage.Decode(data), null);
            return true;
        }
        catch (WireFormatException failure)
        {
            (request, fault) = (default, failure.Message);
            return false;
        }
    }

    private static TimeSpan? TimeoutOf(in RequestMessage request)
    {
        if (request.TimeoutNano == 0)
        {
            return null;
        }

        // Rounded up: a timeout of less than a tick is still a timeout.
        var timeout = TimeSpan.FromTicks(((request.TimeoutNano - 1) / TimeSpan.NanosecondsPerTick) + 1);

        // Seven weeks is the longest timer there is, and beyond any caller's life.
        return timeout > LongestTimer ? null : timeout;
    }
}
