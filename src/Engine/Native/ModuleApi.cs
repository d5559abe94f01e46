using System.Runtime.InteropServices;

namespace Skiff.Engine.Native;

/// <summary>wasmtime/module.h, linker.h, instance.h, func.h, memory.h and the type reflection of wasm.h.</summary>
internal static unsafe partial class ModuleApi
{
    private const string Library = EngineApi.Library;

    [LibraryImport(Library)]
    public static partial nint wasmtime_module_new(EngineHandle engine, byte* wasm, nuint length, nint* module);

    [LibraryImport(Library)]
    public static partial nint wasmtime_module_serialize(CoreModuleHandle module, Vector* bytes);

    [LibraryImport(Library)]
    public static partial nint wasmtime_module_deserialize(EngineHandle engine, byte* bytes, nuint length, nint* module);

    [LibraryImport(Library)]
    public static partial nint wasmtime_module_deserialize_file(EngineHandle engine, byte* path, nint* module);

    [LibraryImport(Library)]
    public static partial void wasmtime_module_delete(nint module);

    [LibraryImport(Library)]
    public static partial void wasmtime_module_imports(CoreModuleHandle module, Vector* imports);

    [LibraryImport(Library)]
    public static partial void wasmtime_module_exports(CoreModuleHandle module, Vector* exports);

    [LibraryImport(Library)]
    public static partial void wasm_importtype_vec_delete(Vector* imports);

    [LibraryImport(Library)]
    public static partial void wasm_exporttype_vec_delete(Vector* exports);

    [LibraryImport(Library)]
    public static partial Vector* wasm_importtype_module(nint import);

    [LibraryImport(Library)]
    public static partial Vector* wasm_importtype_name(nint import);

    [LibraryImport(Library)]
    public static partial nint wasm_importtype_type(nint import);

    [LibraryImport(Library)]
    public static partial Vector* wasm_exporttype_name(nint export);

    [LibraryImport(Library)]
    public static partial nint wasm_exporttype_type(nint export);

    [LibraryImport(Library)]
    public static partial byte wasm_externtype_kind(nint type);

    [LibraryImport(Library)]
    public static partial nint wasm_externtype_as_functype_const(nint type);

    [LibraryImport(Library)]
    public static partial nint wasm_externtype_as_globaltype_const(nint type);

    [LibraryImport(Library)]
    public static partial nint wasm_externtype_as_memorytype_const(nint type);

    [LibraryImport(Library)]
    public static partial nint wasm_externtype_as_tabletype_const(nint type);

    [LibraryImport(Library)]
    public static partial Vector* wasm_functype_params(nint type);

    [LibraryImport(Library)]
    public static partial Vector* wasm_functype_results(nint type);

    [LibraryImport(Library)]
    public static partial nint wasm_functype_new(Vector* parameters, Vector* results);

    [LibraryImport(Library)]
    public static partial void wasm_functype_delete(nint type);

    [LibraryImport(Library)]
    public static partial byte wasm_valtype_kind(nint type);

    [LibraryImport(Library)]
    public static partial nint wasm_valtype_new(byte kind);

    [LibraryImport(Library)]
    public static partial void wasm_valtype_vec_new_uninitialized(Vector* vector, nuint size);

    [LibraryImport(Library)]
    public static partial nint wasm_globaltype_content(nint type);

    [LibraryImport(Library)]
    public static partial byte wasm_globaltype_mutability(nint type);

    [LibraryImport(Library)]
    public static partial nint wasm_tabletype_element(nint type);

    [LibraryImport(Library)]
    public static partial byte wasmtime_memorytype_is64(nint type);

    [LibraryImport(Library)]
    public static partial byte wasmtime_memorytype_isshared(nint type);

    [LibraryImport(Library)]
    public static partial ulong wasmtime_memorytype_minimum(nint type);

    [LibraryImport(Library)]
    public static partial byte wasmtime_memorytype_maximum(nint type, ulong* maximum);

    [LibraryImport(Library)]
    public static partial nint wasmtime_linker_new(EngineHandle engine);

    [LibraryImport(Library)]
    public static partial void wasmtime_linker_delete(nint linker);

    [LibraryImport(Library)]
    public static partial void wasmtime_linker_allow_shadowing(LinkerHandle linker, byte allow);

    /// <summary>The engine calls <paramref name="finalizer"/> with <paramref name="data"/> also when it fails.</summary>
    [LibraryImport(Library)]
    public static partial nint wasmtime_linker_define_func_unchecked(
        LinkerHandle linker,
        byte* module,
        nuint module_length,
        byte* name,
        nuint name_length,
        nint type,
        delegate* unmanaged<nint, nint, RawValue*, nuint, nint> callback,
        nint data,
        delegate* unmanaged<nint, void> finalizer);

    [LibraryImport(Library)]
    public static partial byte wasmtime_linker_get(
        LinkerHandle linker, nint context, byte* module, nuint module_length, byte* name, nuint name_length, wasmtime_extern_t* item);

    [LibraryImport(Library)]
    public static partial nint wasmtime_linker_define(
        LinkerHandle linker, nint context, byte* module, nuint module_length, byte* name, nuint name_length, wasmtime_extern_t* item);

    [LibraryImport(Library)]
    public static partial nint wasmtime_linker_instantiate_pre(LinkerHandle linker, CoreModuleHandle module, nint* instance_pre);

    [LibraryImport(Library)]
    public static partial void wasmtime_instance_pre_delete(nint instance_pre);

    [LibraryImport(Library)]
    public static partial nint wasmtime_instance_pre_instantiate(
        InstancePreHandle instance_pre, nint context, wasmtime_instance_t* instance, nint* trap);

    [LibraryImport(Library)]
    public static partial byte wasmtime_instance_export_get(
        nint context, wasmtime_instance_t* instance, byte* name, nuint name_length, wasmtime_extern_t* item);

    /// <summary>By the position in the module's exports: no search. The name is the instance's own.</summary>
    [LibraryImport(Library)]
    public static partial byte wasmtime_instance_export_nth(
        nint context, wasmtime_instance_t* instance, nuint index, byte** name, nuint* name_length, wasmtime_extern_t* item);

    [LibraryImport(Library)]
    public static partial nint wasmtime_instance_new(
        nint context, CoreModuleHandle module, wasmtime_extern_t* imports, nuint count, wasmtime_instance_t* instance, nint* trap);

    [LibraryImport(Library)]
    public static partial void wasmtime_extern_delete(wasmtime_extern_t* item);

    [LibraryImport(Library)]
    public static partial nint wasmtime_func_type(nint context, wasmtime_func_t* func);

    [LibraryImport(Library)]
    public static partial nint wasmtime_func_call_unchecked(
        nint context, wasmtime_func_t* func, RawValue* args_and_results, nuint length, nint* trap);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial byte* wasmtime_memory_data(nint context, wasmtime_memory_t* memory);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial nuint wasmtime_memory_data_size(nint context, wasmtime_memory_t* memory);

    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial nint wasmtime_caller_context(nint caller);

    [LibraryImport(Library)]
    public static partial byte wasmtime_caller_export_get(nint caller, byte* name, nuint name_length, wasmtime_extern_t* item);
}
