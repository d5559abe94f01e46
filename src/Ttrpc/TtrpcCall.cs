namespace Skiff.Ttrpc;

/// <summary>What a handler knows of the call that it answers, besides the payload.</summary>
public sealed class TtrpcCall
{
    /// <param name="deadline">When the caller stops waiting, or null when it waits for ever.</param>
    /// <param name="metadata">The request's <c>metadata</c> field, in its order; a key may stand more than once.</param>
    /// <param name="cancellation">Ends with the call: see <see cref="CancellationToken"/>.</param>
    public TtrpcCall(
        string service,
        string method,
        DateTimeOffset? deadline = null,
        IReadOnlyList<KeyValuePair<string, string>>? metadata = null,
        CancellationToken cancellation = default)
    {
        Service = service;
        Method = method;
        Deadline = deadline;
        Metadata = metadata ?? [];
        CancellationToken = cancellation;
    }

    /// <summary>Full name of the service, package included: <c>containerd.task.v2.Task</c>.</summary>
    public string Service { get; }

    public string Method { get; }

    public DateTimeOffset? Deadline { get; }

    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; }

    /// <summary>
    /// Cancelled when the deadline passes, when this call's connection is lost, or when the server stops and its grace is over.
    /// TTRPC has no cancel message: a caller that gives up earlier just ignores the answer.
    /// </summary>
    public CancellationToken CancellationToken { get; }
}
