using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>A core module with its imports bound: instantiating it resolves nothing any more. Any number of threads may do it.</summary>
public sealed class LinkedModule : IDisposable
{
    private readonly InstancePreHandle _handle;
    private readonly ModuleLinker _linker;

    internal LinkedModule(nint linked, CompiledModule module, ModuleLinker linker)
    {
        _handle = new InstancePreHandle(linked);
        _linker = linker;
        Module = module;
    }

    public CompiledModule Module { get; }

    /// <summary>Makes an instance. This runs guest code if the module has a start function.</summary>
    /// <param name="end">How the start function ended the guest, if it did, or which limit forbids it.</param>
    /// <returns>Null exactly when <paramref name="end"/> is not.</returns>
    public unsafe ModuleInstance? Instantiate(WasmStore store, out CallEnd? end)
    {
        end = Begin(store);
        return end is not null ? null : store.Budget.Instantiate(Module, _handle, static (store, module, handle) =>
        {
            if (store.NeedsFiber && store.Fiber is not null)
            {
                using var future = FiberFuture.OfInstance(store, module, handle);
                return future.RunNested();
            }

            wasmtime_instance_t instance;
            nint trap = 0;
            var outer = store.EnterSync();
            var error = ModuleApi.wasmtime_instance_pre_instantiate(handle, store.Context, &instance, &trap);
            store.LeaveSync(outer);
            return new NativeInstance(instance, error, trap);
        }, out end);
    }

    /// <summary>As <see cref="Instantiate"/>, on a fiber: the start function may wait.</summary>
    public ValueTask<Instantiation> InstantiateAsync(WasmStore store, CancellationToken cancellation = default) =>
        Begin(store) is { } dead
            ? new ValueTask<Instantiation>(new Instantiation(null, dead))
            : store.Budget.InstantiateAsync(Module, () => FiberFuture.OfInstance(store, Module, _handle), cancellation);

    public void Dispose() => _handle.Dispose();

    private CallEnd? Begin(WasmStore store)
    {
        if (store.Dead() is { } dead)
        {
            return dead;
        }

        store.Instantiates(_linker);
        store.NeedsFiber |= _linker.Suspends;
        return null;
    }
}

/// <summary>What became of an instantiation: exactly one of both is there.</summary>
public readonly record struct Instantiation(ModuleInstance? Instance, CallEnd? End);

/// <summary>What the engine answers to an instantiation.</summary>
internal readonly struct NativeInstance(wasmtime_instance_t instance, nint error, nint trap)
{
    public wasmtime_instance_t Instance => instance;

    public nint Error => error;

    public nint Trap => trap;
}
