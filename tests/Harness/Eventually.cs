namespace Skiff.Harness;

/// <summary>Waiting for something that another process does: asked again until it is so, or until the deadline has passed.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static Task BecomesTrueAsync(Func<bool> condition, string what, TimeSpan? deadline = null) =>
        BecomesTrueAsync(() => Task.FromResult(condition()), what, deadline);

    public static async Task BecomesTrueAsync(Func<Task<bool>> condition, string what, TimeSpan? deadline = null)
    {
        var end = TimeProvider.System.GetTimestamp() + (long)((deadline ?? TimeSpan.FromSeconds(10)).TotalSeconds * TimeProvider.System.TimestampFrequency);
        while (!await condition())
        {
            if (TimeProvider.System.GetTimestamp() > end)
            {
                throw new TimeoutException($"not within {deadline ?? TimeSpan.FromSeconds(10)}: {what}");
            }

            await Task.Delay(Pause);
        }
    }

    /// <summary>The last value found when it became acceptable, or the last one before the deadline.</summary>
    public static async Task<T> SettlesAsync<T>(Func<T> probe, Func<T, bool> acceptable, TimeSpan deadline)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var value = probe();
            if (acceptable(value) || TimeProvider.System.GetElapsedTime(start) > deadline)
            {
                return value;
            }

            await Task.Delay(Pause);
        }
    }
}
