namespace Skiff.Ttrpc;

/// <summary>
/// One call failed with a status; the connection is still good. Thrown by a handler it becomes the answer's status,
/// thrown by <see cref="TtrpcClient"/> it is the status that the server answered (or the client's own deadline).
/// </summary>
public sealed class TtrpcException : Exception
{
    public TtrpcException(TtrpcStatus status, string message, Exception? cause = null)
        : base(message, cause)
    {
        if (status == TtrpcStatus.Ok)
        {
            throw new ArgumentException("Ok is not a failure: return an answer instead.", nameof(status));
        }

        Status = status;
    }

    public TtrpcStatus Status { get; }
}
