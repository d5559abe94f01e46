using System.Runtime.InteropServices;

namespace Skiff.Engine.Native;

/// <summary>wasmtime/async.h. Each future keeps every pointer it was made with until it is deleted; one future a store at a time.</summary>
internal static unsafe partial class AsyncApi
{
    private const string Library = EngineApi.Library;

    [LibraryImport(Library)]
    public static partial nint wasmtime_func_call_async(
        nint context,
        wasmtime_func_t* func,
        wasmtime_val_t* args,
        nuint args_length,
        wasmtime_val_t* results,
        nuint results_length,
        nint* trap,
        nint* error);

    [LibraryImport(Library)]
    public static partial nint wasmtime_instance_pre_instantiate_async(
        InstancePreHandle instance_pre, nint context, wasmtime_instance_t* instance, nint* trap, nint* error);

    /// <summary>Runs the guest until it waits (0) or has ended (1).</summary>
    [LibraryImport(Library)]
    public static partial byte wasmtime_call_future_poll(nint future);

    /// <summary>Of a call that waits: unwinds its fiber.</summary>
    [LibraryImport(Library)]
    public static partial void wasmtime_call_future_delete(nint future);

    /// <summary>The engine calls <paramref name="finalizer"/> with <paramref name="data"/> also when it fails.</summary>
    [LibraryImport(Library)]
    public static partial nint wasmtime_linker_define_async_func(
        LinkerHandle linker,
        byte* module,
        nuint module_length,
        byte* name,
        nuint name_length,
        nint type,
        delegate* unmanaged<nint, nint, wasmtime_val_t*, nuint, wasmtime_val_t*, nuint, nint*, wasmtime_async_continuation_t*, void> callback,
        nint data,
        delegate* unmanaged<nint, void> finalizer);
}

/// <summary><c>wasmtime_async_continuation_t</c>: asked at once after the callback, and again at each poll of the future.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct wasmtime_async_continuation_t
{
    public delegate* unmanaged<nint, byte> callback;
    public nint env;
    public delegate* unmanaged<nint, void> finalizer;
}
