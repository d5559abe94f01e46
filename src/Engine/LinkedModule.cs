using System.Text;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>A core module with its imports bound: instantiating it resolves nothing any more.</summary>
public sealed unsafe class LinkedModule : IDisposable
{
    private readonly InstancePreHandle _handle;

    internal LinkedModule(nint linked, CompiledModule module)
    {
        _handle = new InstancePreHandle(linked);
        Module = module;
    }

    public CompiledModule Module { get; }

    /// <summary>Makes an instance. This runs guest code if the module has a start function.</summary>
    /// <param name="end">How the start function ended the guest, if it did.</param>
    /// <returns>Null exactly when <paramref name="end"/> is not.</returns>
    public ModuleInstance? Instantiate(WasmStore store, out CallEnd? end)
    {
        wasmtime_instance_t instance;
        nint trap = 0;
        var error = ModuleApi.wasmtime_instance_pre_instantiate(_handle, store.Context, &instance, &trap);
        end = error != 0 ? CallEnd.FromError(error) : trap != 0 ? CallEnd.FromTrap(trap) : null;
        return end is null ? new ModuleInstance(store, instance) : null;
    }

    public void Dispose() => _handle.Dispose();
}

/// <summary>An instance of a core module. Lives as long as its store.</summary>
public sealed unsafe class ModuleInstance
{
    private readonly WasmStore _store;
    private wasmtime_instance_t _instance;

    internal ModuleInstance(WasmStore store, wasmtime_instance_t instance) => (_store, _instance) = (store, instance);

    /// <summary>An exported function; null if there is none with this name.</summary>
    public ModuleFunction? FindFunction(string name)
    {
        wasmtime_extern_t item;
        if (!TryFind(name, &item))
        {
            return null;
        }

        if (item.kind != wasmtime_extern_t.Func)
        {
            ModuleApi.wasmtime_extern_delete(&item);
            return null;
        }

        return new ModuleFunction(_store, item.func);
    }

    /// <summary>An exported linear memory, valid until the guest runs again. Empty when there is none with this name.</summary>
    public Span<byte> Memory(string name)
    {
        wasmtime_extern_t item;
        return TryFind(name, &item) ? LinearMemory.Take(_store.Context, &item) : [];
    }

    private bool TryFind(string name, wasmtime_extern_t* item)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        fixed (wasmtime_instance_t* instance = &_instance)
        fixed (byte* pointer = bytes)
        {
            return ModuleApi.wasmtime_instance_export_get(_store.Context, instance, pointer, (nuint)bytes.Length, item) != 0;
        }
    }
}
