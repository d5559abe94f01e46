namespace Skiff.Engine;

/// <summary>
/// A guest function that a host function called, on a fiber of its own. When it waits, our frames return and the caller's fiber is
/// suspended as well; each poll of that one polls this one first. So guests that call guests wait like any other.
/// </summary>
internal abstract class NestedCall : Pause, IDisposable
{
    private readonly FiberFuture _future;
    private bool _isNew = true;

    protected NestedCall(WasmStore store, FiberFuture future)
        : base(store) => _future = future;

    /// <summary>Why the host function that this call's own fiber is in has not ended.</summary>
    public Pause? Inner { get; set; }

    /// <summary>Runs the guest function until it waits (false) or has ended (true).</summary>
    public bool Run() => _future.PollWithin(this);

    public override bool TryEnd()
    {
        if (_isNew)
        {
            // Asked on the way into the caller's suspension: it has just run.
            _isNew = false;
            return false;
        }

        return Run();
    }

    public override void Complete(ref HostCall call)
    {
        using (this)
        {
            if (_future.Result() is { } end)
            {
                end.Throw();
            }

            Complete(ref call, _future);
        }
    }

    /// <summary>Unwinds the guest function where it still waits, the innermost first.</summary>
    public void Dispose()
    {
        (Inner as NestedCall)?.Dispose();
        Inner = null;
        _future.Dispose();
    }

    protected abstract void Complete(ref HostCall call, FiberFuture future);
}

/// <inheritdoc/>
internal sealed class NestedCall<TState>(WasmStore store, GuestFunction function, FiberFuture future, TState state, GuestCompletion<TState> complete)
    : NestedCall(store, future)
{
    protected override void Complete(ref HostCall call, FiberFuture future)
    {
        Span<RawValue> values = new RawValue[function.Slots];
        future.CopyResults(values);
        complete(ref call, values, state);
    }
}
