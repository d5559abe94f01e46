using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>The limits of one store, as the engine can hold them.</summary>
internal sealed class MemoryBudget
{
    // The engine keeps its own default for a negative limit.
    private const long Default = -1;

    public delegate NativeInstance Instantiator<in T>(WasmStore store, CompiledModule module, T argument)
        where T : allows ref struct;

    private readonly WasmStore _store;

    public MemoryBudget(WasmStore store, StoreLimits limits)
    {
        _store = store;
        StoreApi.wasmtime_store_limiter(
            store.Handle, limits.MemoryBytes ?? Default, limits.TableElements, limits.Instances, limits.Tables, limits.Memories);
    }

    /// <summary>Makes an instance within the limits.</summary>
    public ModuleInstance? Instantiate<T>(
        CompiledModule module, T argument, Instantiator<T> instantiate, out CallEnd? end)
    {
        var made = instantiate(_store, module, argument);
        end = (made.Error | made.Trap) != 0 ? _store.Ended(made.Error, made.Trap) : null;
        return end is null ? new ModuleInstance(_store, module, made.Instance) : null;
    }

    public async ValueTask<Instantiation> InstantiateAsync(
        CompiledModule module, InstancePreHandle linked, CancellationToken cancellation)
    {
        _store.ThrowIfBusy();
        var future = FiberFuture.OfInstance(_store, linked);
        var end = await FiberCall.RunAsync(_store, future, cancellation);
        return end is null ? new Instantiation(new ModuleInstance(_store, module, future.Instance), null) : new Instantiation(null, end);
    }
}
