using Skiff.Components.Binary;
using Skiff.Components.Host;
using Skiff.Components.Types;
using Skiff.Engine;

namespace Skiff.Components.Linking;

/// <summary>
/// A core module that imports interfaces of components as the canonical ABI lowers them, beside core functions of the host such as
/// Preview 1's: what toolchains made before they wrapped modules into components. It carries no component types, so the host's hold;
/// memory and realloc are found among its exports by the names that bindings generators gave them.
/// </summary>
public static class LoweredModule
{
    private const string MemoryName = "memory";
    private const string ReallocName = "cabi_realloc";
    private const string DropPrefix = "[resource-drop]";

    /// <summary>Whether an import is a function or the drop of a resource that the host offers to components.</summary>
    public static bool IsOffered(ModuleImport import, HostInterfaces host) =>
        host.Find(import.Module)?.Definition is { } definition
        && (definition.FindFunction(import.Name) is { Type: not null } || Resource(definition, import.Name) is not null);

    /// <summary>
    /// The plan of a component that is this module alone, with no exports of its own: callers enter
    /// <see cref="Runtime.ComponentInstance.Core"/>. Imports that the host does not offer to components are left for the linker.
    /// </summary>
    /// <exception cref="ComponentException">A lowered function has another type than the host's, or needs a memory or realloc that is not exported.</exception>
    public static LinkPlan Plan(CompiledModule compiled, HostInterfaces host)
    {
        var contents = new CoreModuleContents();
        contents.Imports.AddRange(compiled.Imports.Select(import =>
            new CoreModuleImport(import.Module, import.Name, import.Function is { } type ? Core(type) : CoreOtherType.Global)));
        foreach (var export in compiled.Exports.Where(export => export.Name is MemoryName or ReallocName))
        {
            CoreExternType type = export.Function is { } function ? Core(function)
                : export.Memory is { } memory ? new CoreMemoryType(memory.MinimumPages, memory.MaximumPages, is64: false, isShared: false, pageSizeLog2: 16)
                : CoreOtherType.Global;
            contents.Exports.Add(new CoreModuleExport(export.Name, type));
            contents.ExportTypes.Add(export.Name, type);
        }

        return new Planner(new CoreModuleBinary(ReadOnlyMemory<byte>.Empty, 0, contents)).Run(compiled, host);
    }

    private static HostResourceType? Resource(HostInterface definition, string name) =>
        name.StartsWith(DropPrefix, StringComparison.Ordinal) ? definition.FindResource(name[DropPrefix.Length..]) : null;

    private static CoreFunctionType Core(Engine.FunctionType type) => new(Types(type.Parameters), Types(type.Results));

    private static CoreType[] Types(IReadOnlyList<ValueKind> kinds) =>
    [
        .. kinds.Select(kind => kind switch
        {
            ValueKind.I32 => CoreType.I32,
            ValueKind.I64 => CoreType.I64,
            ValueKind.F32 => CoreType.F32,
            ValueKind.F64 => CoreType.F64,
            _ => CoreType.Reference,
        }),
    ];

    private sealed class Planner
    {
        private readonly CoreModule _module;
        private readonly StaticInstance _root = new(0, null);
        private readonly CoreInstance _instance;
        private readonly List<CoreExport> _exports = [];
        private readonly List<Trampoline> _trampolines = [];
        private readonly List<ImportedFunction> _functions = [];
        private readonly CoreExport? _memory;
        private readonly CoreExport? _realloc;

        public Planner(CoreModuleBinary binary)
        {
            _module = new CoreModule(0, binary);
            _instance = new CoreInstance(0, _module, _root, []) { IsPrelinkable = true };
            _memory = Export(MemoryName, type => type is CoreMemoryType);
            _realloc = Export(ReallocName, CoreSignature.Realloc.Equals);
        }

        public LinkPlan Run(CompiledModule compiled, HostInterfaces host)
        {
            _instance.Imports = [.. compiled.Imports.Zip(_module.Imports, (import, core) => Import(import, core.Type, host))];
            return new LinkPlan
            {
                Modules = [_module],
                Instances = [_root],
                CoreInstances = [_instance],
                CoreExports = _exports,
                Trampolines = _trampolines,
                LiftedFunctions = [],
                ImportedFunctions = _functions,
                Imports = [],
                ImportedResources = [],
                GuestResources = [],
                Exports = [],
                IsElided = false,
                GuestsCallThroughHost = false,
            };
        }

        private CoreExport? Export(string name, Func<CoreExternType, bool> isUsable)
        {
            if (_module.FindExport(name) is not { } type || !isUsable(type))
            {
                return null;
            }

            var export = new CoreExport(_instance, name, type) { Index = _exports.Count };
            _exports.Add(export);
            return export;
        }

        private CoreItem Import(ModuleImport import, CoreExternType type, HostInterfaces host)
        {
            if (!IsOffered(import, host))
            {
                return new LinkerItem(type);
            }

            var definition = host.Find(import.Module)!.Definition;
            Trampoline trampoline = Resource(definition, import.Name) is { } resource
                ? new ResourceDrop(_root, resource)
                : Lower(import, definition.FindFunction(import.Name)!.Type!);
            if (!trampoline.FunctionType!.Equals(type as CoreFunctionType))
            {
                throw new ComponentException(
                    $"the module imports '{import.Module}' '{import.Name}' as {import.Type}, but lowered it is {trampoline.FunctionType}");
            }

            trampoline.Index = _trampolines.Count;
            _trampolines.Add(trampoline);
            return trampoline;
        }

        private LowerImport Lower(ModuleImport import, Types.FunctionType type)
        {
            var gives = type.Result is { NeedsMemory: true };
            Need(_memory, MemoryName, import, gives || type.ParameterTuple.NeedsMemory || type.ParametersAreSpilled || type.ResultIsSpilled);
            Need(_realloc, ReallocName, import, gives);
            var function = new ImportedFunction(InterfaceName.Parse(import.Module), import.Name, type) { Index = _functions.Count };
            _functions.Add(function);
            return new LowerImport(_root, function, new CanonOptions { Memory = _memory, Realloc = _realloc });
        }

        private static void Need(CoreExport? export, string name, ModuleImport import, bool isNeeded)
        {
            if (isNeeded && export is null)
            {
                throw new ComponentException($"the module imports '{import.Module}' '{import.Name}', which needs its export '{name}', and it has none that would do");
            }
        }
    }
}
