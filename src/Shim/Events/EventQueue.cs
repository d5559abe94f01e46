using Skiff.Ttrpc;

namespace Skiff.Shim.Events;

/// <summary>
/// The one queue between what happens and containerd. Keeps the order: an event is sent when the one before it was taken. While
/// containerd is away it is tried again, up to <see cref="LengthMax"/> events back.
/// </summary>
internal sealed class EventQueue(string @namespace, IEventForwarder forwarder, TimeProvider time, ShimLog log) : IEventSink, IAsyncDisposable
{
    /// <summary>
    /// About 2 MB of memory, or a pod with a one-second exec probe (3 events each) and a containerd away for most of an hour.
    /// Beyond it the oldest are dropped: the exits that matter then are the latest ones.
    /// </summary>
    public const int LengthMax = 10_000;

    /// <summary>How often an event is offered to a containerd that is there and refuses it (containerd's own shims: 5).</summary>
    private const int RefusalsMax = 5;

    private static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly Queue<(DateTimeOffset At, TaskEvent Event)> _waiting = [];
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource? _published;
    private TaskCompletionSource? _drained;
    private Task? _sending;
    private bool _busy;
    private bool _dropping;

    /// <summary>Events not taken by containerd yet.</summary>
    public int Length
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count + (_busy ? 1 : 0);
            }
        }
    }

    public void Publish(TaskEvent happened)
    {
        var dropped = false;
        lock (_gate)
        {
            if (_waiting.Count >= LengthMax)
            {
                _waiting.Dequeue();
                dropped = !_dropping;
                _dropping = true;
            }

            _sending ??= SendAllAsync();
            _waiting.Enqueue((time.GetUtcNow(), happened));
            _published?.TrySetResult();
        }

        if (dropped)
        {
            log.Warn($"containerd takes no events and {LengthMax} are waiting: the oldest are dropped from here on");
        }
    }

    /// <summary>Waits until containerd has taken all, or the time is over (false).</summary>
    public async Task<bool> FlushAsync(TimeSpan within)
    {
        Task drained;
        lock (_gate)
        {
            if (_waiting.Count == 0 && !_busy)
            {
                return true;
            }

            _drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            drained = _drained.Task;
        }

        try
        {
            await drained.WaitAsync(within, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _stop.Cancel();
        lock (_gate)
        {
            _published?.TrySetResult();
        }

        if (_sending is { } sending)
        {
            await sending;
        }

        _stop.Dispose();
    }

    /// <summary>Started with nothing to send, so its caller never waits for it: all work is done by whoever completes its awaits.</summary>
    private async Task SendAllAsync()
    {
        try
        {
            while (true)
            {
                await PublishedAsync();
                _stop.Token.ThrowIfCancellationRequested();
                await SendAsync(Take());
                Sent();
            }
        }
        catch (OperationCanceledException)
        {
            // The server leaves; what could not be sent until now goes with it.
        }
    }

    private Task PublishedAsync()
    {
        lock (_gate)
        {
            // Whoever disposes of this cancels first and wakes us then: one of the two is seen here.
            if (_waiting.Count > 0 || _stop.IsCancellationRequested)
            {
                return Task.CompletedTask;
            }

            _published = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _published.Task;
        }
    }

    private (DateTimeOffset At, TaskEvent Event) Take()
    {
        lock (_gate)
        {
            _busy = true;
            return _waiting.Dequeue();
        }
    }

    private void Sent()
    {
        TaskCompletionSource? drained = null;
        lock (_gate)
        {
            _busy = false;
            if (_waiting.Count == 0)
            {
                (drained, _drained) = (_drained, null);
                _dropping = false;
            }
        }

        drained?.SetResult();
    }

    private async Task SendAsync((DateTimeOffset At, TaskEvent Event) next)
    {
        var request = EventMessages.Encode(@namespace, next.At, next.Event);
        var pause = RetryFirst;
        for (var refusals = 0; ;)
        {
            try
            {
                await forwarder.ForwardAsync(request, _stop.Token);
                return;
            }
            catch (TtrpcConnectionException away)
            {
                log.Debug($"event {next.Event.GetType().Name} waits for containerd: {away.Message}");
            }
            catch (TtrpcException refused) when (++refusals >= RefusalsMax)
            {
                log.Error($"containerd has refused the event {next.Event.GetType().Name} of {next.Event.ContainerId} {refusals} times; it is dropped", refused);
                return;
            }
            catch (TtrpcException)
            {
                // Offered again after the pause.
            }

            await Task.Delay(pause, time, _stop.Token);
            pause = pause * 2 < RetryMax ? pause * 2 : RetryMax;
        }
    }
}
