namespace Skiff.Wasi.Streams;

/// <summary>Waiting for the first of several: <c>wasi:io/poll.poll</c>, and <c>poll_oneoff</c>.</summary>
public static class PollSet
{
    /// <summary>
    /// The indices of those that are ready, at least one, in order. The same pollable may be there twice, and is then
    /// answered twice.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token, before any was ready.</exception>
    public static ValueTask<uint[]> WaitAnyAsync(IReadOnlyList<Pollable> pollables, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfZero(pollables.Count);
        var ready = Ready(pollables);
        return ready.Length > 0 ? new ValueTask<uint[]>(ready) : WaitAsync(pollables, cancellation);
    }

    private static async ValueTask<uint[]> WaitAsync(IReadOnlyList<Pollable> pollables, CancellationToken cancellation)
    {
        while (true)
        {
            if (pollables.Count == 1)
            {
                await pollables[0].WaitAsync(cancellation);
            }
            else
            {
                await WaitForOneAsync(pollables, cancellation);
            }

            var ready = Ready(pollables);
            if (ready.Length > 0)
            {
                return ready;
            }
        }
    }

    private static async Task WaitForOneAsync(IReadOnlyList<Pollable> pollables, CancellationToken cancellation)
    {
        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var waits = new List<Task>(pollables.Count);
        var seen = new HashSet<Pollable>(ReferenceEqualityComparer.Instance);
        foreach (var pollable in pollables)
        {
            if (seen.Add(pollable))
            {
                waits.Add(pollable.WaitAsync(others.Token).AsTask());
            }
        }

        var first = await Task.WhenAny(waits);
        // The others let go of their descriptors before the guest can drop what they wait for.
        await others.CancelAsync();
        foreach (var wait in waits)
        {
            await wait.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        cancellation.ThrowIfCancellationRequested();
        await first;
    }

    private static uint[] Ready(IReadOnlyList<Pollable> pollables)
    {
        var count = 0;
        Span<uint> some = stackalloc uint[16];
        List<uint>? more = null;
        for (var i = 0; i < pollables.Count; i++)
        {
            if (!pollables[i].IsReady)
            {
                continue;
            }

            if (count < some.Length)
            {
                some[count++] = (uint)i;
            }
            else
            {
                (more ??= []).Add((uint)i);
            }
        }

        return more is null ? some[..count].ToArray() : [.. some, .. more];
    }
}
