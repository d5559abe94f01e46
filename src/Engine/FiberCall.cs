namespace Skiff.Engine;

/// <summary>
/// Drives one call on a fiber. The engine never says when a fiber can go on, so it is polled exactly when what it waits for is there:
/// on the calling thread first, later on the thread pool.
/// </summary>
internal static class FiberCall
{
    /// <summary>Runs the call to its end and disposes of it.</summary>
    public static async ValueTask<CallEnd?> RunAsync(WasmStore store, FiberFuture future, CancellationToken cancellation)
    {
        using var registration = cancellation.CanBeCanceled
            ? cancellation.UnsafeRegister(static store => ((WasmStore)store!).Stop("the call was cancelled"), store)
            : default;
        store.BeginFiber(future);
        try
        {
            while (true)
            {
                if (store.StopReason is not null)
                {
                    return store.Dead();
                }

                if (store.Meter is { } meter && !meter.TryBegin())
                {
                    await meter.WaitAsync(store.Stopped).ConfigureAwait(false);
                }
                else if (future.Poll())
                {
                    return future.Result();
                }
                else
                {
                    store.Paused?.Invoke(store.State);
                    if (store.FindSuspension() is { } suspension)
                    {
                        await suspension.WaitAsync();
                    }
                    else
                    {
                        // A tick: behind all who wait for a thread.
                        await Task.Yield();
                    }
                }
            }
        }
        finally
        {
            store.Meter?.Release();
            store.EndFiber();
        }
    }
}
