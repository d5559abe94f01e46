using System.IO.Pipelines;

namespace Skiff.Http.Messages;

/// <summary>Flushes of pipes, whose value tasks may be consumed once only.</summary>
internal static class Flushes
{
    /// <summary>Null when it is done and the reader wants more; else what says when and how it ends.</summary>
    public static Task<FlushResult>? Begin(PipeWriter writer)
    {
        var flush = writer.FlushAsync();
        if (!flush.IsCompletedSuccessfully)
        {
            return flush.AsTask();
        }

        var result = flush.GetAwaiter().GetResult();
        return result.IsCompleted ? Task.FromResult(result) : null;
    }
}
