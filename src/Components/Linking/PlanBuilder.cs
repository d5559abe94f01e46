using Skiff.Components.Binary;
using Skiff.Components.Types;

namespace Skiff.Components.Linking;

/// <summary>Collects what the evaluation of a component meets, and makes the plan of it.</summary>
internal sealed class PlanBuilder
{
    private readonly Dictionary<CoreModuleBinary, CoreModule> _modules = [];
    private readonly Dictionary<CoreExport, Forward> _forwards = [];
    private readonly Dictionary<(string? Interface, string Label), ImportedResourceType> _importedResources = [];
    private readonly List<CoreModule> _moduleList = [];
    private readonly List<StaticInstance> _instances = [];
    private readonly List<CoreInstance> _coreInstances = [];
    private readonly List<CoreExport> _coreExports = [];
    private readonly List<Trampoline> _trampolines = [];
    private readonly List<LiftedFunction> _lifted = [];
    private readonly List<ImportedFunction> _importedFunctions = [];
    private readonly List<PlannedImport> _imports = [];
    private readonly List<GuestResourceType> _guestResources = [];

    public LinkBudget Budget { get; } = new();

    /// <summary>A fixup was left out, and its shim with it.</summary>
    public bool HasElided { get; set; }

    public StaticInstance AddInstance(int offset, StaticInstance? parent)
    {
        CheckCount(offset, _instances.Count);
        var instance = new StaticInstance(_instances.Count, parent);
        _instances.Add(instance);
        return instance;
    }

    public CoreInstance AddCoreInstance(int offset, CoreModuleBinary binary, StaticInstance owner, CoreItem[] imports)
    {
        CheckCount(offset, _coreInstances.Count);
        if (!_modules.TryGetValue(binary, out var module))
        {
            module = new CoreModule(_moduleList.Count, binary);
            _modules.Add(binary, module);
            _moduleList.Add(module);
        }

        var instance = new CoreInstance(_coreInstances.Count, module, owner, imports);
        _coreInstances.Add(instance);
        return instance;
    }

    public GuestResourceType AddGuestResource(StaticInstance instance, CoreItem? destructor)
    {
        var resource = new GuestResourceType(_guestResources.Count, instance, destructor);
        _guestResources.Add(resource);
        return resource;
    }

    /// <summary>All versions of an interface that one host interface would serve have one resource type of this label.</summary>
    public ImportedResourceType ImportedResource(InterfaceName? interfaceName, string label)
    {
        var key = (interfaceName?.Key, label);
        if (!_importedResources.TryGetValue(key, out var resource))
        {
            resource = new ImportedResourceType(_importedResources.Count, interfaceName, label);
            _importedResources.Add(key, resource);
        }

        return resource;
    }

    public LiftedFunction AddLifted(StaticInstance instance, FunctionType type, CoreItem target, CanonOptions options)
    {
        var lifted = new LiftedFunction(_lifted.Count, instance, type, target, options);
        _lifted.Add(lifted);
        return lifted;
    }

    public void AddImport(PlannedImport import) => _imports.Add(import);

    /// <exception cref="NotElidableException">A shim is used in a way that leaving it out would change.</exception>
    public LinkPlan Build(Exports root)
    {
        foreach (var instance in _coreInstances)
        {
            instance.Imports = [.. instance.Imports.Select(item => ResolveImport(item, instance))];
            instance.IsPrelinkable = instance.Imports.All(item => item is Trampoline);
        }

        foreach (var lifted in _lifted)
        {
            lifted.Target = Resolve(lifted.Target);
            ResolveOptions(lifted.Options);
        }

        foreach (var resource in _guestResources)
        {
            resource.Destructor = resource.Destructor is { } destructor ? Resolve(destructor) : null;
        }

        // Options may bring further trampolines (a lowered function as another one's realloc), so the list grows under way.
        for (var i = 0; i < _trampolines.Count; i++)
        {
            Visit(_trampolines[i]);
        }

        var exports = Export(root);
        MarkLazy();
        return new LinkPlan
        {
            Modules = _moduleList,
            Instances = _instances,
            CoreInstances = _coreInstances,
            CoreExports = _coreExports,
            Trampolines = _trampolines,
            LiftedFunctions = _lifted,
            ImportedFunctions = _importedFunctions,
            Imports = _imports,
            ImportedResources = [.. _importedResources.Values.OrderBy(resource => resource.Index)],
            GuestResources = _guestResources,
            Exports = exports,
            IsElided = HasElided,
            GuestsCallThroughHost = _trampolines.Exists(trampoline => trampoline is LowerLifted or Forward
                or ResourceDrop { Resource: GuestResourceType { Destructor: not null } }),
        };
    }

    private static void CheckCount(int offset, int count)
    {
        if (count >= LinkBudget.InstancesMax)
        {
            throw new ComponentException(offset, $"the component makes more than {LinkBudget.InstancesMax} instances");
        }
    }

    // An export of an instance that is made later than the importer cannot be given to it: a forward can, and looks it up when called.
    private CoreItem ResolveImport(CoreItem item, CoreInstance importer)
    {
        if (item is not ShimSlot slot)
        {
            return Use(item);
        }

        var target = slot.Resolve();
        if (target is not CoreExport export || export.Instance.Index < importer.Index)
        {
            return Use(target);
        }

        if (!_forwards.TryGetValue(export, out var forward))
        {
            Use(export);
            forward = new Forward(export.Instance.Owner, export);
            _forwards.Add(export, forward);
        }

        return Use(forward);
    }

    private CoreItem Resolve(CoreItem item) => Use(item is ShimSlot slot ? slot.Resolve() : item);

    private void ResolveOptions(CanonOptions options)
    {
        if (options.Memory is { } memory)
        {
            Use(memory);
        }

        options.Realloc = options.Realloc is { } realloc ? Resolve(realloc) : null;
        options.PostReturn = options.PostReturn is { } postReturn ? Resolve(postReturn) : null;
    }

    private CoreItem Use(CoreItem item)
    {
        switch (item)
        {
            case CoreExport { Index: < 0 } export:
                export.Index = _coreExports.Count;
                _coreExports.Add(export);
                break;
            case Trampoline { Index: < 0 } trampoline:
                trampoline.Index = _trampolines.Count;
                _trampolines.Add(trampoline);
                break;
            case ShimTable:
                throw new NotElidableException();
        }

        return item;
    }

    private void Visit(Trampoline trampoline)
    {
        switch (trampoline)
        {
            case LowerImport lower:
                Use(lower.Function);
                ResolveOptions(lower.Options);
                break;
            case LowerLifted lower:
                ResolveOptions(lower.Options);
                break;
        }
    }

    private void Use(ImportedFunction function)
    {
        if (function.Index < 0)
        {
            function.Index = _importedFunctions.Count;
            _importedFunctions.Add(function);
        }
    }

    private List<PlannedExport> Export(Exports exports, string? instance = null)
    {
        Budget.Enter(0);
        var items = new List<PlannedExport>();
        foreach (var (name, item) in exports.Items)
        {
            Budget.Charge(0);
            switch (item.Value)
            {
                case PlannedFunction function:
                    if (function is ImportedFunction imported)
                    {
                        Use(imported);
                    }

                    items.Add(new FunctionExport(name, function));
                    break;
                case Exports nested:
                    items.Add(new InstanceExport(name, Export(nested, name)));
                    break;
                case ValueType type:
                    items.Add(new TypeExport(name, type, null));
                    break;
                case ResourceType resource:
                    (resource as GuestResourceType)?.NameAs(instance is null ? name : $"{instance}.{name}");
                    items.Add(new TypeExport(name, null, resource));
                    break;
            }
        }

        Budget.Leave();
        return items;
    }

    // An adapter that nothing but forwards reach (wit-component's, for a Preview 1 module) is instantiated at the first call of one:
    // instantiating an inert module can be seen by nobody, so the order that Explainer.md, "Instance Definitions", asks for is kept.
    private void MarkLazy()
    {
        var given = _coreInstances
            .SelectMany(instance => instance.Imports)
            .OfType<CoreExport>()
            .Select(export => export.Instance)
            .ToHashSet();
        foreach (var instance in _forwards.Keys.Select(export => export.Instance))
        {
            instance.IsLazy = instance.Module.IsInert && !given.Contains(instance);
        }
    }
}
