namespace Skiff.Ttrpc;

/// <summary>One call in flight: runs its handler on the thread pool and answers with what came of it.</summary>
internal sealed class ServerCall : IThreadPoolWorkItem, IAsyncDisposable
{
    private readonly ServerConnection _connection;
    private readonly TtrpcHandler _handler;
    private readonly TtrpcCall _call;
    private readonly ReadOnlyMemory<byte> _payload;
    private readonly CancellationTokenSource? _deadline;
    private readonly CancellationTokenRegistration _connectionLost;

    /// <param name="timeout">Until the deadline, or null for none. Positive and within a timer's range.</param>
    public ServerCall(
        ServerConnection connection, uint streamId, int requestBytes, TtrpcHandler handler, in RequestMessage request, TimeSpan? timeout)
    {
        (_connection, StreamId, RequestBytes, _handler, _payload) = (connection, streamId, requestBytes, handler, request.Payload);
        var token = connection.CallsCancelled;
        DateTimeOffset? deadline = null;
        if (timeout is { } delay)
        {
            deadline = connection.Time.GetUtcNow() + delay;
            _deadline = new CancellationTokenSource(delay, connection.Time);
            _connectionLost = token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _deadline);
            token = _deadline.Token;
        }

        _call = new TtrpcCall(request.Service, request.Method, deadline, request.Metadata, token);
    }

    public uint StreamId { get; }

    /// <summary>What the call holds of its connection's budget, in bytes.</summary>
    public int RequestBytes { get; }

    // Not on the reading loop: a handler that blocks in a system call must not keep its connection's other calls waiting.
    void IThreadPoolWorkItem.Execute() => _ = RunAsync();

    public async ValueTask DisposeAsync()
    {
        // In this order: the registration's callback cancels the source, and waits for it here if it is just running.
        await _connectionLost.DisposeAsync();
        _deadline?.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await _connection.AnswerAsync(StreamId, await InvokeAsync());
        }
        finally
        {
            await DisposeAsync();
            _connection.CallEnded(this);
        }
    }

    private async ValueTask<ResponseMessage> InvokeAsync()
    {
        try
        {
            return ResponseMessage.Success(await _handler(_payload, _call));
        }
        catch (TtrpcException failure)
        {
            return ResponseMessage.Failure(failure.Status, failure.Message);
        }
        catch (OperationCanceledException) when (_call.CancellationToken.IsCancellationRequested)
        {
            return _connection.CallsCancelled.IsCancellationRequested
                ? ResponseMessage.Failure(TtrpcStatus.Unavailable, "The server stopped before the call ended.")
                : ResponseMessage.Failure(
                    TtrpcStatus.DeadlineExceeded, $"{_call.Service}/{_call.Method} did not end within the caller's timeout.");
        }
        catch (Exception failure)
        {
            // The one place that catches everything: a bug in one handler is one failed call, never the end of the pod's shim.
            _connection.HandlerFailed(_call, failure);
            return ResponseMessage.Failure(TtrpcStatus.Unknown, failure.Message);
        }
    }
}
