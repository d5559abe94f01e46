using System.Runtime.InteropServices;

namespace Skiff.Engine.Native;

/// <summary>wasmtime/component/{component,linker,instance,func,val}.h.</summary>
internal static unsafe partial class ComponentApi
{
    private const string Library = EngineApi.Library;

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_new(EngineHandle engine, byte* wasm, nuint length, nint* component);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_serialize(ComponentHandle component, Vector* bytes);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_deserialize(EngineHandle engine, byte* bytes, nuint length, nint* component);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_deserialize_file(EngineHandle engine, byte* path, nint* component);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_delete(nint component);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_get_export_index(ComponentHandle component, nint instance, byte* name, nuint name_length);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_export_index_delete(nint index);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_linker_new(EngineHandle engine);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_linker_delete(nint linker);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_linker_add_wasip2(ComponentLinkerHandle linker);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_linker_instantiate(
        ComponentLinkerHandle linker, nint context, ComponentHandle component, wasmtime_component_instance_t* instance);

    [LibraryImport(Library)]
    public static partial byte wasmtime_component_instance_get_func(
        wasmtime_component_instance_t* instance, nint context, nint export_index, wasmtime_component_func_t* func);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_func_type(wasmtime_component_func_t* func, nint context);

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_func_call(
        wasmtime_component_func_t* func,
        nint context,
        wasmtime_component_val_t* args,
        nuint args_length,
        wasmtime_component_val_t* results,
        nuint results_length);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_val_delete(wasmtime_component_val_t* value);
}
