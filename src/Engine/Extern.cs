using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// Something that a module exports or imports, in one store: a function, memory, table or global. Opaque but for functions and
/// memories; handed on to <see cref="ModuleInstance.Instantiate"/> as it is.
/// </summary>
public readonly struct Extern
{
    internal Extern(WasmStore store, wasmtime_extern_t item) => (Store, Item) = (store, item);

    public ExternKind Kind => Item.kind switch
    {
        wasmtime_extern_t.Func => ExternKind.Function,
        wasmtime_extern_t.Global => ExternKind.Global,
        wasmtime_extern_t.Table => ExternKind.Table,
        wasmtime_extern_t.Memory => ExternKind.Memory,
        _ => ExternKind.Tag,
    };

    public WasmStore Store { get; }

    internal wasmtime_extern_t Item { get; }

    /// <summary>The function; null when it is something else.</summary>
    /// <param name="type">Its type where that is known for sure (from the module that exports it); else the engine is asked.</param>
    public GuestFunction? AsFunction(FunctionType? type = null) =>
        Item.kind == wasmtime_extern_t.Func ? new GuestFunction(Store, Item.func, type) : null;

    /// <summary>The memory; null when it is something else.</summary>
    public GuestMemory? AsMemory() => Item.kind == wasmtime_extern_t.Memory ? new GuestMemory(Store.Context, Item.memory) : null;

    /// <summary>Takes over what the engine found; null for a shared memory, which no guest can have here.</summary>
    internal static unsafe Extern? Take(WasmStore store, wasmtime_extern_t* item)
    {
        if (item->kind == wasmtime_extern_t.SharedMemory)
        {
            ModuleApi.wasmtime_extern_delete(item);
            return null;
        }

        return new Extern(store, *item);
    }
}
