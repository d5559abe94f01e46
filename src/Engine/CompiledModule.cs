using System.Text;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>A core module, compiled and mapped.</summary>
public sealed unsafe class CompiledModule : IDisposable
{
    private IReadOnlyList<ModuleImport>? _imports;
    private IReadOnlyList<ModuleExport>? _exports;
    private int _memories = -1;

    private CompiledModule(nint module) => Handle = new CoreModuleHandle(module);

    public IReadOnlyList<ModuleImport> Imports => _imports ??= ReadImports();

    public IReadOnlyList<ModuleExport> Exports => _exports ??= ReadExports();

    internal CoreModuleHandle Handle { get; }

    /// <summary>
    /// Memories of its own, as far as is known: the C API tells only what is exported. Grows when an instantiation shows others.
    /// </summary>
    internal int Memories
    {
        get
        {
            if (Volatile.Read(ref _memories) is var known && known >= 0)
            {
                return known;
            }

            // An import may be exported again; it is then no memory of its own.
            var exported = Exports.Count(export => export.Kind == ExternKind.Memory);
            var imported = Imports.Count(import => import.Kind == ExternKind.Memory);
            Interlocked.CompareExchange(ref _memories, Math.Max(0, exported - imported), -1);
            return Volatile.Read(ref _memories);
        }
        set => Volatile.Write(ref _memories, value);
    }

    /// <summary>Maps code that <see cref="WasmEngine.Compile"/> made. Never for a file that an image brought: it is native code.</summary>
    /// <exception cref="EngineException">The file is damaged or made by another engine, other settings or for another processor.</exception>
    public static CompiledModule Map(WasmEngine engine, string path)
    {
        nint module;
        fixed (byte* name = WasmEngine.ZeroTerminated(path))
        {
            EngineException.ThrowIfError(ModuleApi.wasmtime_module_deserialize_file(engine.Handle, name, &module));
        }

        return new CompiledModule(module);
    }

    /// <summary>As <see cref="Map"/>, from memory: the code is copied.</summary>
    public static CompiledModule Load(WasmEngine engine, ReadOnlySpan<byte> code)
    {
        nint module;
        fixed (byte* bytes = code)
        {
            EngineException.ThrowIfError(ModuleApi.wasmtime_module_deserialize(engine.Handle, bytes, (nuint)code.Length, &module));
        }

        return new CompiledModule(module);
    }

    /// <summary>The export with this name; null if there is none.</summary>
    public ModuleExport? FindExport(string name) => Exports.FirstOrDefault(export => export.Name == name);

    public void Dispose() => Handle.Dispose();

    private ModuleImport[] ReadImports()
    {
        Vector imports;
        ModuleApi.wasmtime_module_imports(Handle, &imports);
        var result = new ModuleImport[checked((int)imports.size)];
        for (var i = 0; i < result.Length; i++)
        {
            var import = imports.Pointers[i];
            var type = ModuleApi.wasm_importtype_type(import);
            result[i] = new ModuleImport(
                Encoding.UTF8.GetString(ModuleApi.wasm_importtype_module(import)->Bytes),
                Encoding.UTF8.GetString(ModuleApi.wasm_importtype_name(import)->Bytes),
                Kind(type),
                Describe(type))
            {
                Function = FunctionOf(type),
            };
        }

        ModuleApi.wasm_importtype_vec_delete(&imports);
        return result;
    }

    private ModuleExport[] ReadExports()
    {
        Vector exports;
        ModuleApi.wasmtime_module_exports(Handle, &exports);
        var result = new ModuleExport[checked((int)exports.size)];
        for (var i = 0; i < result.Length; i++)
        {
            var export = exports.Pointers[i];
            var type = ModuleApi.wasm_exporttype_type(export);
            var kind = Kind(type);
            result[i] = new ModuleExport(
                Encoding.UTF8.GetString(ModuleApi.wasm_exporttype_name(export)->Bytes),
                kind,
                Describe(type),
                i)
            {
                Function = FunctionOf(type),
                Memory = kind == ExternKind.Memory ? Limits(ModuleApi.wasm_externtype_as_memorytype_const(type)) : null,
            };
        }

        ModuleApi.wasm_exporttype_vec_delete(&exports);
        return result;
    }

    // wasm.h: WASM_EXTERN_FUNC, _GLOBAL, _TABLE, _MEMORY, _TAG, in this order.
    private static ExternKind Kind(nint type) => (ExternKind)ModuleApi.wasm_externtype_kind(type);

    private static FunctionType? FunctionOf(nint type) => Kind(type) == ExternKind.Function
        ? FunctionType.Read(ModuleApi.wasm_externtype_as_functype_const(type))
        : null;

    private static string Describe(nint type)
    {
        switch (Kind(type))
        {
            case ExternKind.Function:
                return FunctionType.Read(ModuleApi.wasm_externtype_as_functype_const(type)).ToString();
            case ExternKind.Global:
                var global = ModuleApi.wasm_externtype_as_globaltype_const(type);
                var mutable = ModuleApi.wasm_globaltype_mutability(global) != 0 ? "mut " : "";
                return $"global {mutable}{FunctionType.Name(FunctionType.Kind(ModuleApi.wasm_globaltype_content(global)))}";
            case ExternKind.Memory:
                var memory = ModuleApi.wasm_externtype_as_memorytype_const(type);
                var limits = Limits(memory);
                return "memory "
                    + (ModuleApi.wasmtime_memorytype_is64(memory) != 0 ? "64-bit " : "")
                    + (ModuleApi.wasmtime_memorytype_isshared(memory) != 0 ? "shared " : "")
                    + $"{limits.MinimumPages}..{limits.MaximumPages?.ToString(System.Globalization.CultureInfo.InvariantCulture)} pages";
            case ExternKind.Table:
                return "table";
            default:
                return "tag";
        }
    }

    private static MemoryLimits Limits(nint type)
    {
        ulong maximum;
        var bounded = ModuleApi.wasmtime_memorytype_maximum(type, &maximum) != 0;
        return new MemoryLimits(ModuleApi.wasmtime_memorytype_minimum(type), bounded ? maximum : null);
    }
}
