using Skiff.Wasi.Bindings.Io;

namespace Skiff.Wasi.Streams;

/// <summary>Something that a guest can wait for: <c>wasi:io/poll.pollable</c>.</summary>
public abstract class Pollable : IPollable, IDisposable
{
    private WaitLifetime _waits;

    /// <summary>Whether the event is there now. Never waits. True when what was waited for is gone: there is an answer to fetch.</summary>
    public abstract bool IsReady { get; }

    /// <summary>
    /// Completes when the event may be there: look at <see cref="IsReady"/> again. Cancelled with its token at once.
    /// May be called again, and several times at once.
    /// </summary>
    public abstract ValueTask WaitAsync(CancellationToken cancellation);

    public bool Ready() => IsReady;

    /// <summary>Waits until it is ready, or dropped.</summary>
    public ValueTask Block() => IsReady ? ValueTask.CompletedTask : WaitUntilReadyAsync();

    public void Dispose()
    {
        _waits.End();
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }

    private async ValueTask WaitUntilReadyAsync()
    {
        var token = _waits.Token;
        do
        {
            await WaitAsync(token);
        }
        while (!IsReady);
    }
}
