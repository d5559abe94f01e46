using System.Runtime.InteropServices;

namespace Skiff.Engine.Native;

/// <summary>wasmtime/component/types/*.h: what a component imports and exports.</summary>
internal static unsafe partial class ComponentTypeApi
{
    private const string Library = EngineApi.Library;

    [LibraryImport(Library)]
    public static partial nint wasmtime_component_type(ComponentHandle component);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_type_delete(nint type);

    [LibraryImport(Library)]
    public static partial nuint wasmtime_component_type_import_count(nint type, EngineHandle engine);

    [LibraryImport(Library)]
    public static partial byte wasmtime_component_type_import_nth(
        nint type, EngineHandle engine, nuint nth, byte** name, nuint* name_length, nint* item);

    [LibraryImport(Library)]
    public static partial nuint wasmtime_component_type_export_count(nint type, EngineHandle engine);

    [LibraryImport(Library)]
    public static partial byte wasmtime_component_type_export_nth(
        nint type, EngineHandle engine, nuint nth, byte** name, nuint* name_length, nint* item);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_extern_type(nint item, wasmtime_component_item_t* type);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_extern_delete(nint item);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_item_delete(wasmtime_component_item_t* item);

    [LibraryImport(Library)]
    public static partial nuint wasmtime_component_instance_type_export_count(nint type, EngineHandle engine);

    [LibraryImport(Library)]
    public static partial byte wasmtime_component_instance_type_export_nth(
        nint type, EngineHandle engine, nuint nth, byte** name, nuint* name_length, nint* item);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_func_type_delete(nint type);

    [LibraryImport(Library)]
    public static partial nuint wasmtime_component_func_type_param_count(nint type);

    [LibraryImport(Library)]
    public static partial byte wasmtime_component_func_type_param_nth(
        nint type, nuint nth, byte** name, nuint* name_length, wasmtime_component_valtype_t* value);

    [LibraryImport(Library)]
    public static partial byte wasmtime_component_func_type_result(nint type, wasmtime_component_valtype_t* value);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_valtype_delete(wasmtime_component_valtype_t* value);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_list_type_element(nint type, wasmtime_component_valtype_t* value);

    [LibraryImport(Library)]
    public static partial void wasmtime_component_option_type_ty(nint type, wasmtime_component_valtype_t* value);

    [LibraryImport(Library)]
    public static partial byte wasmtime_component_result_type_ok(nint type, wasmtime_component_valtype_t* value);

    [LibraryImport(Library)]
    public static partial byte wasmtime_component_result_type_err(nint type, wasmtime_component_valtype_t* value);

    [LibraryImport(Library)]
    public static partial nuint wasmtime_component_tuple_type_types_count(nint type);

    [LibraryImport(Library)]
    public static partial byte wasmtime_component_tuple_type_types_nth(nint type, nuint nth, wasmtime_component_valtype_t* value);
}
