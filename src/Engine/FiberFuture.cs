using System.Runtime.InteropServices;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// The engine's side of one call on a fiber. Everything that the engine was given lies in one block of native memory, which is freed
/// after the future.
/// </summary>
internal sealed unsafe class FiberFuture : IDisposable
{
    private readonly WasmStore _store;
    private readonly FunctionType _type;
    private readonly Memory<RawValue> _values;
    private readonly Arguments* _block;
    private readonly wasmtime_val_t* _slots;
    private readonly InstancePreHandle? _linked;
    private nint _future;

    private FiberFuture(WasmStore store, FunctionType type, Memory<RawValue> values, InstancePreHandle? linked)
    {
        _store = store;
        _type = type;
        _values = values;
        _linked = linked;
        var slots = type.Parameters.Count + type.Results.Count;
        _block = (Arguments*)NativeMemory.AllocZeroed((nuint)(sizeof(Arguments) + (slots * sizeof(wasmtime_val_t))));
        _slots = (wasmtime_val_t*)(_block + 1);
    }

    /// <summary>What <see cref="OfInstance"/> made, when its call has ended well.</summary>
    public wasmtime_instance_t Instance { get; private set; }

    /// <summary>Prepares the call of a function.</summary>
    public static FiberFuture OfFunction(WasmStore store, wasmtime_func_t function, FunctionType type, Memory<RawValue> values)
    {
        type.ThrowIfNotNumeric();
        var call = new FiberFuture(store, type, values, null);
        for (var i = 0; i < type.Parameters.Count; i++)
        {
            call._slots[i] = wasmtime_val_t.From(type.Parameters[i], values.Span[i]);
        }

        var block = call._block;
        block->Function = function;
        call._future = AsyncApi.wasmtime_func_call_async(
            store.Context,
            &block->Function,
            call._slots,
            (nuint)type.Parameters.Count,
            call._slots + type.Parameters.Count,
            (nuint)type.Results.Count,
            &block->Trap,
            &block->Error);
        return call;
    }

    /// <summary>Prepares an instantiation.</summary>
    public static FiberFuture OfInstance(WasmStore store, InstancePreHandle linked)
    {
        var call = new FiberFuture(store, FunctionType.Empty, default, linked);
        var referenced = false;
        // The future points into it until it is deleted.
        linked.DangerousAddRef(ref referenced);
        var block = call._block;
        call._future = AsyncApi.wasmtime_instance_pre_instantiate_async(
            linked, store.Context, &block->Instance, &block->Trap, &block->Error);
        return call;
    }

    /// <summary>Runs the guest until it waits (false) or has ended (true).</summary>
    public bool Poll()
    {
        var ticker = _store.Engine.Ticker;
        ticker.Enter();
        _store.Quota?.Begin();
        var done = AsyncApi.wasmtime_call_future_poll(_future) != 0;
        _store.Quota?.Charge();
        ticker.Leave();
        return done;
    }

    /// <summary>How the call ended, once it has.</summary>
    public CallEnd? Result()
    {
        if ((_block->Error | _block->Trap) != 0)
        {
            return _store.Ended(_block->Error, _block->Trap);
        }

        var results = _slots + _type.Parameters.Count;
        for (var i = 0; i < _type.Results.Count; i++)
        {
            _values.Span[i] = results[i].Raw;
        }

        Instance = _block->Instance;
        return null;
    }

    public void Dispose()
    {
        // Unwinds a fiber that still waits; no guest code runs in that.
        AsyncApi.wasmtime_call_future_delete(_future);
        _linked?.DangerousRelease();
        NativeMemory.Free(_block);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Arguments
    {
        public wasmtime_func_t Function;
        public wasmtime_instance_t Instance;
        public nint Trap;
        public nint Error;
    }
}
