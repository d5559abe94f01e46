using System.Runtime.InteropServices;

namespace Skiff.Bench.Components;

/// <summary>The part of Wasmtime's component C API that the peer needs, without any wrapper between.</summary>
internal static unsafe partial class PeerApi
{
    private const string Library = "wasmtime";

    public const byte String = 12;
    public const byte List = 13;
    public const byte Resource = 21;
    public const byte U32 = 6;

    [LibraryImport(Library)]
    public static partial nint wasm_engine_new();

    [LibraryImport(Library)]
    public static partial nint wasmtime_store_new(nint engine, nint data, nint finalizer);

    [LibraryImport(Library)]
    public static partial void wasmtime_store_delete(nint store);

    [LibraryImport(Library)]
    public static partial nint wasmtime_store_context(nint store);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_new(nint engine, byte* wasm, nuint length, nint* component);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_linker_new(nint engine);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_linker_root(nint linker);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_linker_instance_delete(nint instance);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_linker_instance_add_instance(nint parent, byte* name, nuint length, nint* instance);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_linker_instance_add_func(
        nint instance,
        byte* name,
        nuint length,
        delegate* unmanaged<nint, nint, nint, PeerValue*, nuint, PeerValue*, nuint, nint> callback,
        nint data,
        nint finalizer);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_linker_instance_add_resource(
        nint instance, byte* name, nuint length, nint type, delegate* unmanaged<nint, nint, uint, nint> destructor, nint data, nint finalizer);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_resource_type_new_host(uint type);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_resource_host_new([MarshalAs(UnmanagedType.U1)] bool owned, uint rep, uint type);

    [LibraryImport(Library)]
    public static partial uint wasmtime_component_resource_host_rep(nint resource);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_resource_host_delete(nint resource);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_resource_host_to_any(nint context, nint resource, nint* any);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_resource_any_to_host(nint context, nint any, nint* resource);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_linker_instantiate(nint linker, nint context, nint component, PeerInstance* instance);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_get_export_index(nint component, nint instance, byte* name, nuint length);

    [LibraryImport(Library)]
    public static partial byte wasmtime_component_instance_get_func(PeerInstance* instance, nint context, nint export, PeerFunction* function);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_func_call(
        PeerFunction* function, nint context, PeerValue* arguments, nuint count, PeerValue* results, nuint resultCount);

    [LibraryImport(Library)]
    public static partial void wasmtime_error_message(nint error, PeerVector* text);
}

/// <summary><c>wasmtime_component_val_t</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct PeerValue
{
    [FieldOffset(0)]
    public byte Kind;

    [FieldOffset(8)]
    public uint U32;

    [FieldOffset(8)]
    public nint Pointer;

    [FieldOffset(8)]
    public PeerVector Vector;
}

/// <summary>Length and pointer: strings (bytes) and lists (values).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PeerVector
{
    public nuint Length;
    public nint Data;
}

/// <summary><c>wasmtime_component_instance_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PeerInstance
{
    public ulong Store;
    public ulong Index;
}

/// <summary><c>wasmtime_component_func_t</c>, 32 bytes in 50.0.1.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PeerFunction
{
    public ulong Store;
    public ulong Private1;
    public ulong Private2;
    public ulong Private3;
}
