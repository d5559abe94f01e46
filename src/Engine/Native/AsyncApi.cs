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

    [LibraryImport(Library)]
    public static partial nint wasmtime_linker_instantiate_async(
        LinkerHandle linker, nint context, CoreModuleHandle module, wasmtime_instance_t* instance, nint* trap, nint* error);

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

    /// <summary>Copies <paramref name="creator"/>. For engines without a pool only.</summary>
    [LibraryImport(Library)]
    public static partial void wasmtime_config_host_stack_creator_set(nint config, wasmtime_stack_creator_t* creator);
}

/// <summary><c>wasmtime_async_continuation_t</c>: asked at once after the callback, and again at each poll of the future.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct wasmtime_async_continuation_t
{
    public delegate* unmanaged<nint, byte> callback;
    public nint env;
    public delegate* unmanaged<nint, void> finalizer;
}

/// <summary><c>wasmtime_stack_creator_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct wasmtime_stack_creator_t
{
    public nint env;
    public delegate* unmanaged<nint, nuint, byte, wasmtime_stack_memory_t*, nint> new_stack;
    public delegate* unmanaged<nint, void> finalizer;
}

/// <summary><c>wasmtime_stack_memory_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct wasmtime_stack_memory_t
{
    public nint env;

    /// <summary>Answers the end of the stack and writes its length, guard pages not counted.</summary>
    public delegate* unmanaged<nint, nuint*, byte*> get_stack_memory;
    public delegate* unmanaged<nint, void> finalizer;
}
