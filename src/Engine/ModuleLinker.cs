using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>What a core module's imports are bound to. One serves any number of stores, one after the other or at once.</summary>
public sealed unsafe class ModuleLinker : IDisposable
{
    private readonly LinkerHandle _handle;
    private readonly bool _fibers;

    /// <param name="fibers">
    /// Functions that suspend do so by suspending the guest's fiber; such guests must be entered by the asynchronous calls. Without,
    /// they hold the thread.
    /// </param>
    public ModuleLinker(WasmEngine engine, bool fibers = false)
    {
        _fibers = fibers;
        _handle = new LinkerHandle(ModuleApi.wasmtime_linker_new(engine.Handle));
        // Later definitions win: that is how single functions are replaced.
        ModuleApi.wasmtime_linker_allow_shadowing(_handle, 1);
    }

    /// <summary>Whether a function is defined that can be called on a fiber only.</summary>
    internal bool Suspends { get; private set; }

    /// <summary>Binds one function.</summary>
    /// <param name="suspends">It waits for something. Costs 60 to 100 ns a call where the linker is for fibers.</param>
    /// <exception cref="EngineException">Its type has a vector or a reference in it.</exception>
    public void DefineFunction(string module, string name, FunctionType type, HostFunction function, bool suspends = false) =>
        DefineFunction(module, name, type, function, suspends, ofStore: false);

    /// <summary>Whether something is bound to this import. Looks at names only.</summary>
    public bool Defines(WasmStore store, string module, string name) => Find(store, module, name) is not null;

    /// <summary>What is bound to this import, for one store; null if nothing is.</summary>
    public Extern? Find(WasmStore store, string module, string name)
    {
        var moduleBytes = WasmEngine.ZeroTerminated(module);
        var nameBytes = WasmEngine.ZeroTerminated(name);
        wasmtime_extern_t item;
        fixed (byte* modulePointer = moduleBytes, namePointer = nameBytes)
        {
            var found = ModuleApi.wasmtime_linker_get(
                _handle,
                store.Context,
                modulePointer,
                (nuint)moduleBytes.Length - 1,
                namePointer,
                (nuint)nameBytes.Length - 1,
                &item);
            if (found == 0)
            {
                return null;
            }
        }

        store.NeedsFiber |= Suspends;
        return Extern.Take(store, &item);
    }

    /// <summary>Resolves and type-checks every import of <paramref name="module"/>.</summary>
    /// <exception cref="EngineException">An import is missing or has another type.</exception>
    public LinkedModule Link(CompiledModule module)
    {
        nint linked;
        EngineException.ThrowIfError(ModuleApi.wasmtime_linker_instantiate_pre(_handle, module.Handle, &linked));
        return new LinkedModule(linked, module, this);
    }

    public void Dispose() => _handle.Dispose();

    /// <param name="ofStore">Any instance of the store may be the caller, so its memory is not remembered.</param>
    internal void DefineFunction(string module, string name, FunctionType type, HostFunction function, bool suspends, bool ofStore)
    {
        type.ThrowIfNotNumeric();
        var moduleBytes = WasmEngine.ZeroTerminated(module);
        var nameBytes = WasmEngine.ZeroTerminated(name);
        var (moduleLength, nameLength) = ((nuint)moduleBytes.Length - 1, (nuint)nameBytes.Length - 1);
        var native = type.ToNative();
        // Freed by Release, which the engine calls when the linker goes, or at once when this call fails.
        var data = HostCallbacks.NewData(new HostBinding(function, ofStore ? null : this, type, suspends && _fibers));
        nint error;
        fixed (byte* modulePointer = moduleBytes, namePointer = nameBytes)
        {
            if (suspends && _fibers)
            {
                Suspends = true;
                error = AsyncApi.wasmtime_linker_define_async_func(
                    _handle, modulePointer, moduleLength, namePointer, nameLength, native, &HostCallbacks.InvokeAsync, data, &HostCallbacks.Release);
            }
            else
            {
                error = ModuleApi.wasmtime_linker_define_func_unchecked(
                    _handle, modulePointer, moduleLength, namePointer, nameLength, native, &HostCallbacks.Invoke, data, &HostCallbacks.Release);
            }
        }

        ModuleApi.wasm_functype_delete(native);
        EngineException.ThrowIfError(error);
    }
}
