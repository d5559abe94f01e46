using System.Collections.Concurrent;

namespace Skiff.Ttrpc.Tests.Doubles;

/// <summary>What a <see cref="TestServer"/> reported.</summary>
internal sealed class Observations
{
    public int WaitsCancelled;

    public ConcurrentQueue<TtrpcConnectionException> Broken { get; } = new();

    public ConcurrentQueue<(string Method, Exception Failure)> Failures { get; } = new();

    /// <summary>Waits for what another thread is about to do; fails the test after 10 s.</summary>
    public static async Task EventuallyAsync(Func<bool> condition, string what)
    {
        for (var i = 0; i < 1000; i++)
        {
            if (condition())
            {
                return;
            }

            await Task.Delay(10);
        }

        Assert.Fail("Did not happen within 10 s: " + what);
    }
}
