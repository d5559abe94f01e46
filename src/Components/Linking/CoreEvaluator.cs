using Skiff.Components.Binary;

namespace Skiff.Components.Linking;

/// <summary>Instantiation of core modules: gives each import its item, and sees wit-component's shims and fixups.</summary>
/// <param name="elide">Leave shims and fixups out. Whether all uses allow it is known at the end only.</param>
internal sealed class CoreEvaluator(PlanBuilder plan, bool elide)
{
    // A component may be instantiated many times; its modules have one shape.
    private readonly Dictionary<CoreModuleBinary, object?> _shapes = [];

    /// <returns>The exports of the new core instance.</returns>
    public Exports Instantiate(Scope scope, CoreInstantiation instantiation)
    {
        var offset = instantiation.Offset;
        var module = scope.Get<CoreModuleBinary>(Sort.CoreModule, instantiation.Module, offset, "a core module");
        plan.Budget.Charge(offset, module.Imports.Count + module.Exports.Count);
        var imports = Imports(scope, instantiation, module);
        if (elide)
        {
            if (Shape(module) is ShimShape shim)
            {
                return ShimExports(offset, module, new Shim(shim));
            }

            if (Shape(module) is FixupShape fixup && imports[fixup.Table] is ShimTable table)
            {
                Fill(table.Shim, fixup, imports);
                plan.HasElided = true;
                return new Exports();
            }
        }

        return ModuleExports(offset, plan.AddCoreInstance(offset, module, scope.Instance, imports));
    }

    private static CoreItem[] Imports(Scope scope, CoreInstantiation instantiation, CoreModuleBinary module)
    {
        var offset = instantiation.Offset;
        var arguments = new Dictionary<string, Exports>(instantiation.Arguments.Length, StringComparer.Ordinal);
        foreach (var argument in instantiation.Arguments)
        {
            arguments.Add(argument.Name, scope.Get<Exports>(Sort.CoreInstance, argument.Index, offset, "a core instance"));
        }

        var imports = new CoreItem[module.Imports.Count];
        for (var i = 0; i < imports.Length; i++)
        {
            var import = module.Imports[i];
            if (!arguments.TryGetValue(import.Module, out var argument) || argument.Find(import.Name) is not { Value: CoreItem item })
            {
                throw new ComponentException(offset, $"a core module is instantiated without its import '{import.Module}' '{import.Name}'");
            }

            CheckImport(offset, import, item);
            imports[i] = item;
        }

        return imports;
    }

    private static void CheckImport(int offset, CoreModuleImport import, CoreItem item)
    {
        if (item is UnsupportedBuiltin builtin)
        {
            if (import.Type is not CoreFunctionType { IsSimple: true } type || (builtin.ImportedAs is { } before && !before.Equals(type)))
            {
                throw new ComponentException(offset, $"'{builtin.Name}' is imported as something that it is not");
            }

            builtin.ImportedAs = type;
            return;
        }

        // The engine compares the details of memories, tables and globals, and of references, when it instantiates.
        var fits = (import.Type, item.Type) switch
        {
            (CoreFunctionType wanted, CoreFunctionType given) => wanted.Equals(given),
            (CoreMemoryType, CoreMemoryType) => true,
            (CoreOtherType wanted, CoreOtherType given) => wanted == given,
            _ => false,
        };
        if (!fits)
        {
            throw new ComponentException(
                offset, $"the import '{import.Module}' '{import.Name}' of a core module is {import.Type}, and {item.Type} is given");
        }
    }

    private static Exports ModuleExports(int offset, CoreInstance instance)
    {
        var exports = new Exports();
        foreach (var export in instance.Module.Exports)
        {
            exports.Add(offset, export.Name, new Item(SortOf(export.Type), new CoreExport(instance, export.Name, export.Type)));
        }

        return exports;
    }

    private static Exports ShimExports(int offset, CoreModuleBinary module, Shim shim)
    {
        var exports = new Exports();
        foreach (var export in module.Exports)
        {
            CoreItem item = export.Type is CoreFunctionType type
                ? new ShimSlot(shim, shim.Shape.Slots[export.Name], type)
                : new ShimTable(shim);
            exports.Add(offset, export.Name, new Item(SortOf(export.Type), item));
        }

        return exports;
    }

    // What the fixup's segment would write into the table.
    private static void Fill(Shim shim, FixupShape fixup, CoreItem[] imports)
    {
        if (fixup.Offset + (ulong)fixup.Functions.Count > shim.Shape.TableSize)
        {
            throw new NotElidableException();
        }

        for (var i = 0; i < fixup.Functions.Count; i++)
        {
            var item = imports[fixup.Functions[i]];
            if (item is ShimSlot || !shim.Slots.TryAdd(fixup.Offset + (uint)i, item))
            {
                throw new NotElidableException();
            }
        }
    }

    private object? Shape(CoreModuleBinary module)
    {
        if (!_shapes.TryGetValue(module, out var shape))
        {
            shape = (object?)ShimShape.TryRead(module) ?? FixupShape.TryRead(module);
            _shapes.Add(module, shape);
        }

        return shape;
    }

    private static Sort SortOf(CoreExternType type) => type switch
    {
        CoreFunctionType => Sort.CoreFunction,
        CoreMemoryType => Sort.CoreMemory,
        _ when type == CoreOtherType.Table => Sort.CoreTable,
        _ when type == CoreOtherType.Global => Sort.CoreGlobal,
        _ => Sort.CoreTag,
    };
}

/// <summary>An instance of a module of the shim's shape that is being left out.</summary>
internal sealed class Shim(ShimShape shape)
{
    public ShimShape Shape { get; } = shape;

    /// <summary>What the fixup puts into the table.</summary>
    public Dictionary<uint, CoreItem> Slots { get; } = [];
}

/// <summary>A function of a shim: whatever its slot will hold.</summary>
internal sealed class ShimSlot(Shim shim, uint slot, CoreFunctionType type) : CoreItem
{
    public override CoreFunctionType Type => type;

    /// <exception cref="NotElidableException">The slot stays empty, or holds a function of another type: a call would trap.</exception>
    public CoreItem Resolve() => shim.Slots.TryGetValue(slot, out var item) && item.Type is CoreFunctionType given && given.Equals(type)
        ? item
        : throw new NotElidableException();
}

/// <summary>The table of a shim, which only a fixup may be given.</summary>
internal sealed class ShimTable(Shim shim) : CoreItem
{
    public Shim Shim => shim;

    public override CoreExternType Type => CoreOtherType.Table;
}

/// <summary>What looked like a shim is used otherwise: the component is linked again with everything in its place.</summary>
internal sealed class NotElidableException : Exception;
