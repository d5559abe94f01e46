using System.Runtime.InteropServices;

namespace Skiff.Engine.Native;

/// <summary>wasmtime/store.h.</summary>
internal static unsafe partial class StoreApi
{
    private const string Library = EngineApi.Library;

    [LibraryImport(Library)]
    public static partial nint wasmtime_store_new(EngineHandle engine, nint data, delegate* unmanaged<nint, void> finalizer);

    [LibraryImport(Library)]
    public static partial nint wasmtime_store_context(StoreHandle store);

    [LibraryImport(Library)]
    public static partial void wasmtime_store_delete(nint store);

    /// <summary>A negative limit means the engine's default.</summary>
    [LibraryImport(Library)]
    public static partial void wasmtime_store_limiter(
        StoreHandle store, long memory_size, long table_elements, long instances, long tables, long memories);

    /// <summary>Asked by a running guest when its deadline is reached. Writes the next one, in ticks, and 1 in its last parameter to yield.</summary>
    [LibraryImport(Library)]
    public static partial void wasmtime_store_epoch_deadline_callback(
        StoreHandle store, delegate* unmanaged<nint, nint, ulong*, byte*, nint> callback, nint data, delegate* unmanaged<nint, void> finalizer);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial nint wasmtime_context_get_data(nint context);

    [LibraryImport(Library)]
    public static partial void wasmtime_func_new_unchecked(
        nint context,
        nint type,
        delegate* unmanaged<nint, nint, RawValue*, nuint, nint> callback,
        nint data,
        delegate* unmanaged<nint, void> finalizer,
        wasmtime_func_t* func);

    [LibraryImport(Library)]
    public static partial void wasmtime_context_set_epoch_deadline(nint context, ulong ticks_beyond_current);
}
