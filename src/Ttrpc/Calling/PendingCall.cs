namespace Skiff.Ttrpc;

/// <summary>A call of a <see cref="TtrpcClient"/> between its request and its answer.</summary>
internal sealed class PendingCall
{
    private readonly TaskCompletionSource<ReadOnlyMemory<byte>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>0 until the request has its turn to be written.</summary>
    public uint StreamId { get; set; }

    /// <summary>The caller gave up before the request was written: it need not be sent at all.</summary>
    public bool IsAbandoned { get; set; }

    public Task<ReadOnlyMemory<byte>> Answer => _answer.Task;

    public void Complete(in ResponseMessage response)
    {
        if (response.Status == TtrpcStatus.Ok)
        {
            _answer.TrySetResult(response.Payload);
        }
        else
        {
            Fail(new TtrpcException(response.Status, response.Message));
        }
    }

    public void Fail(Exception cause) => _answer.TrySetException(cause);
}
