using System.Runtime.InteropServices;
using System.Text;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>A host function that a core module imports. Runs on the guest's thread, between two of its instructions.</summary>
/// <returns>Null to go on; a text to end the guest with a trap that says so.</returns>
public delegate string? HostFunction(HostCall call);

/// <summary>What a core module's imports are bound to.</summary>
public sealed unsafe class ModuleLinker : IDisposable
{
    private readonly LinkerHandle _handle;

    public ModuleLinker(WasmEngine engine)
    {
        _handle = new LinkerHandle(ModuleApi.wasmtime_linker_new(engine.Handle));
        // Later definitions win: that is how single functions of the engine's own WASI are replaced.
        ModuleApi.wasmtime_linker_allow_shadowing(_handle, 1);
    }

    /// <summary>Binds the engine's own WASI Preview 1 (<c>wasi_snapshot_preview1</c>).</summary>
    public void DefineBuiltInWasi() => EngineException.ThrowIfError(ModuleApi.wasmtime_linker_define_wasi(_handle));

    /// <summary>Binds one function.</summary>
    public void DefineFunction(string module, string name, FunctionType type, HostFunction function)
    {
        var moduleBytes = Encoding.UTF8.GetBytes(module);
        var nameBytes = Encoding.UTF8.GetBytes(name);
        var native = type.ToNative();
        // Freed by Release, which the engine calls when the linker goes, or at once when this call fails.
        var data = GCHandle.ToIntPtr(GCHandle.Alloc(function));
        fixed (byte* modulePointer = moduleBytes, namePointer = nameBytes)
        {
            var error = ModuleApi.wasmtime_linker_define_func_unchecked(
                _handle,
                modulePointer,
                (nuint)moduleBytes.Length,
                namePointer,
                (nuint)nameBytes.Length,
                native,
                &Invoke,
                data,
                &Release);
            ModuleApi.wasm_functype_delete(native);
            EngineException.ThrowIfError(error);
        }
    }

    /// <summary>Whether something is bound to this import. Looks at names only.</summary>
    public bool Defines(WasmStore store, string module, string name)
    {
        var moduleBytes = Encoding.UTF8.GetBytes(module);
        var nameBytes = Encoding.UTF8.GetBytes(name);
        wasmtime_extern_t item;
        fixed (byte* modulePointer = moduleBytes, namePointer = nameBytes)
        {
            var found = ModuleApi.wasmtime_linker_get(
                _handle, store.Context, modulePointer, (nuint)moduleBytes.Length, namePointer, (nuint)nameBytes.Length, &item);
            if (found == 0)
            {
                return false;
            }
        }

        ModuleApi.wasmtime_extern_delete(&item);
        return true;
    }

    /// <summary>Resolves and type-checks every import of <paramref name="module"/>.</summary>
    /// <exception cref="EngineException">An import is missing or has another type.</exception>
    public LinkedModule Link(CompiledModule module)
    {
        nint linked;
        EngineException.ThrowIfError(ModuleApi.wasmtime_linker_instantiate_pre(_handle, module.Handle, &linked));
        return new LinkedModule(linked, module);
    }

    public void Dispose() => _handle.Dispose();

    // An exception that leaves here would end the process, so each becomes a trap.
    [UnmanagedCallersOnly]
    private static nint Invoke(nint data, nint caller, wasmtime_val_raw_t* values, nuint count)
    {
        try
        {
            var function = (HostFunction)GCHandle.FromIntPtr(data).Target!;
            var reason = function(new HostCall(caller, new Span<wasmtime_val_raw_t>(values, checked((int)count))));
            return reason is null ? 0 : NewTrap(reason);
        }
#pragma warning disable CA1031 // whatever it is, it must not unwind into the engine's frames
        catch (Exception fault)
#pragma warning restore CA1031
        {
            return NewTrap($"host function failed: {fault.GetType().Name}: {fault.Message}");
        }
    }

    private static nint NewTrap(string reason)
    {
        var bytes = Encoding.UTF8.GetBytes(reason);
        fixed (byte* message = bytes)
        {
            return EngineApi.wasmtime_trap_new(message, (nuint)bytes.Length);
        }
    }

    [UnmanagedCallersOnly]
    private static void Release(nint data) => GCHandle.FromIntPtr(data).Free();
}
