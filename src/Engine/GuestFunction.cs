using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// A function of an instance. Lives as long as its store. Calls are unchecked: the engine believes that the slots hold what
/// <see cref="Type"/> says, so compare it before the first call when the guest's word is all there is.
/// </summary>
public sealed unsafe class GuestFunction
{
    private readonly WasmStore _store;
    private wasmtime_func_t _function;
    private readonly int _slots;

    internal GuestFunction(WasmStore store, wasmtime_func_t function, FunctionType? type = null)
    {
        (_store, _function) = (store, function);
        Type = type ?? ReadType(store, function);
        _slots = Math.Max(Type.Parameters.Count, Type.Results.Count);
    }

    public FunctionType Type { get; }

    /// <summary>
    /// Runs the function on this thread, also from within a host function or its completion, until it returns or ends otherwise.
    /// About 25 ns; half a microsecond from within a function that was defined to suspend.
    /// </summary>
    /// <param name="values">Arguments, and results afterwards: at least as many as the type has of either.</param>
    /// <returns>Null when it returned. Else the store is dead, and a host function that made this call should throw.</returns>
    /// <exception cref="InvalidOperationException">The guest's imports suspend, and this call does not run on its fiber: use <see cref="CallAsync"/>.</exception>
    public CallEnd? Call(Span<RawValue> values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Length, _slots);
        if (_store.Dead() is { } dead)
        {
            return dead;
        }

        if (_store.InAsyncCallback)
        {
            return CallNested(values);
        }

        var outer = _store.EnterSync();
        nint error, trap = 0;
        fixed (wasmtime_func_t* function = &_function)
        fixed (RawValue* slots = values)
        {
            error = ModuleApi.wasmtime_func_call_unchecked(_store.Context, function, slots, (nuint)values.Length, &trap);
        }

        _store.LeaveSync(outer);
        return (error | trap) == 0 ? null : _store.Ended(error, trap);
    }

    /// <summary>
    /// Runs the function on a fiber: on this thread until it first waits, later on the thread pool. It yields to others after each
    /// tick. The store must not be used otherwise until the end.
    /// </summary>
    /// <param name="values">As in <see cref="Call"/>; results are there when the call has ended.</param>
    /// <param name="cancellation">Stops the store, as <see cref="WasmStore.Stop"/> does.</param>
    /// <returns>As <see cref="Call"/>.</returns>
    public ValueTask<CallEnd?> CallAsync(Memory<RawValue> values, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Length, _slots);
        if (_store.Dead() is { } dead)
        {
            return new ValueTask<CallEnd?>(dead);
        }

        _store.ThrowIfBusy();
        var future = FiberFuture.OfFunction(_store, _function, Type, values.Span, values);
        return FiberCall.RunAsync(_store, future, cancellation);
    }

    /// <summary>How many slots a call needs.</summary>
    internal int Slots => _slots;

    /// <summary>Prepares a call on a fiber, from within a host function.</summary>
    internal FiberFuture Begin(ReadOnlySpan<RawValue> values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Length, _slots);
        if (_store.Dead() is { } dead)
        {
            dead.Throw();
        }

        return FiberFuture.OfFunction(_store, _function, Type, values, default);
    }

    // While it polls an asynchronous host function the engine cannot begin another one on the same fiber: it would panic, and the
    // guest decides whether it calls one.
    private CallEnd? CallNested(Span<RawValue> values)
    {
        using var future = FiberFuture.OfFunction(_store, _function, Type, values, default);
        var made = future.RunNested();
        if ((made.Error | made.Trap) != 0)
        {
            return _store.Ended(made.Error, made.Trap);
        }

        future.CopyResults(values);
        return null;
    }

    private static FunctionType ReadType(WasmStore store, wasmtime_func_t function)
    {
        var type = ModuleApi.wasmtime_func_type(store.Context, &function);
        var read = FunctionType.Read(type);
        ModuleApi.wasm_functype_delete(type);
        return read;
    }
}
