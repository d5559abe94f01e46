namespace Skiff.Shim.Tasks;

/// <summary>Waiting with a bound, where "not in time" is an answer and no exception.</summary>
internal static class Bounded
{
    /// <summary>
    /// True when the task has ended within the time, however it ended. Awaits it where the caller runs: Task.WaitAsync goes by
    /// the thread pool, and then the simulation could not walk the same way twice.
    /// </summary>
    public static async Task<bool> EndsWithinAsync(this Task task, TimeSpan within, TimeProvider time)
    {
        if (task.IsCompleted)
        {
            return true;
        }

        var settled = new TaskCompletionSource<bool>();
        await using var timer = time.CreateTimer(_ => settled.TrySetResult(false), null, within, Timeout.InfiniteTimeSpan);
        _ = RelayAsync(task, settled);
        return await settled.Task;
    }

    private static async Task RelayAsync(Task task, TaskCompletionSource<bool> settled)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        settled.TrySetResult(true);
    }
}
