using System.Threading.Tasks.Sources;

namespace Skiff.Engine;

/// <summary>
/// One wait of a host function. Woken exactly once: by the end of the task or by the stop of the store, whichever is first. Either
/// the driver of the fiber awaits it (<see cref="WaitAsync"/>) or the guest's thread does (<see cref="Block"/>).
/// </summary>
internal abstract class Suspension : Pause, IValueTaskSource
{
    private readonly WasmStore _store;
    private readonly object _lock = new();
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private bool _blocks;
    private bool _woken;

    protected Suspension(WasmStore store)
        : base(store) => _store = store;

    /// <summary>Ends when there is a reason to go on; tells nothing of the task's outcome.</summary>
    public ValueTask WaitAsync()
    {
        Watch(Wake);
        _store.Waits(this);
        return new ValueTask(this, _source.Version);
    }

    /// <summary>As <see cref="WaitAsync"/>, on this thread.</summary>
    /// <exception cref="GuestTrapException">The store was stopped first.</exception>
    public void Block()
    {
        _blocks = true;
        Watch(Wake);
        _store.Waits(this);
        lock (_lock)
        {
            while (!_woken)
            {
                Monitor.Wait(_lock);
            }
        }

        _store.Waits(null);
        if (!TryEnd())
        {
            throw new GuestTrapException(_store.StopReason ?? "the wait was given up");
        }
    }

    public void Wake()
    {
        lock (_lock)
        {
            if (_woken)
            {
                return;
            }

            _woken = true;
            if (_blocks)
            {
                Monitor.Pulse(_lock);
                return;
            }
        }

        _source.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token)
    {
        _source.GetResult(token);
        _store.Waits(null);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    /// <summary>Calls <paramref name="done"/> when the task ends.</summary>
    protected abstract void Watch(Action done);
}

/// <inheritdoc/>
internal sealed class Suspension<T, TState>(WasmStore store, ValueTask<T> task, TState state, HostCompletion<T, TState> complete)
    : Suspension(store)
{
    public override bool TryEnd() => task.IsCompleted;

    public override void Complete(ref HostCall call) => complete(ref call, task.GetAwaiter().GetResult(), state);

    protected override void Watch(Action done) => task.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(done);
}
