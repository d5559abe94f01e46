using Skiff.Components.Binary;

namespace Skiff.Components.Linking;

/// <summary>
/// Instantiates the tree of components, all but the core instances themselves: runs the definitions in order, nested components at
/// the point where they are instantiated. What it meets goes to the <see cref="PlanBuilder"/>.
/// </summary>
internal sealed class ComponentEvaluator
{
    private readonly PlanBuilder _plan;
    private readonly TypeEvaluator _types;
    private readonly ImportEvaluator _imports;
    private readonly CanonEvaluator _canon;
    private readonly CoreEvaluator _core;

    public ComponentEvaluator(PlanBuilder plan, bool elide)
    {
        _plan = plan;
        _types = new TypeEvaluator(plan.Budget);
        _imports = new ImportEvaluator(plan, _types);
        _canon = new CanonEvaluator(plan);
        _core = new CoreEvaluator(plan, elide);
    }

    /// <summary>Evaluates the root.</summary>
    /// <returns>What it exports.</returns>
    public Exports Run(ComponentSyntax root) =>
        Instantiate(new ComponentClosure(root, new Scope(null, null)), _plan.AddInstance(0, null), arguments: null);

    /// <param name="arguments">Null for the root, whose imports are the host's.</param>
    private Exports Instantiate(ComponentClosure closure, StaticInstance instance, Exports? arguments)
    {
        var scope = new Scope(closure.Scope, instance);
        var exports = new Exports();
        var imported = new HashSet<string>(StringComparer.Ordinal);
        foreach (var definition in closure.Syntax.Definitions)
        {
            _plan.Budget.Charge(definition.Offset);
            switch (definition)
            {
                case Import import:
                    if (!imported.Add(import.Name))
                    {
                        throw new ComponentException(import.Offset, $"'{import.Name}' is imported twice");
                    }

                    var item = Take(scope, import, arguments);
                    scope.Add(item.Sort, item.Value);
                    break;
                case Export export:
                    // An export is also a new item of its sort, to which later definitions refer.
                    var exported = new Item(export.Sort, scope.Get(export.Sort, export.Index, export.Offset));
                    CheckExport(export);
                    exports.Add(export.Offset, export.Name, exported);
                    scope.Add(exported.Sort, exported.Value);
                    break;
                default:
                    Define(scope, definition);
                    break;
            }
        }

        return exports;
    }

    private void Define(Scope scope, Definition definition)
    {
        switch (definition)
        {
            case CoreModuleDefinition module:
                scope.Add(Sort.CoreModule, module.Module);
                break;
            case CoreTypeDefinition type:
                Aliases.AddCoreTypes(scope, type);
                break;
            case CoreInstantiation instantiation:
                scope.Add(Sort.CoreInstance, _core.Instantiate(scope, instantiation));
                break;
            case CoreInlineInstance inline:
                scope.Add(Sort.CoreInstance, Bag(scope, inline.Offset, inline.Exports));
                break;
            case ComponentDefinition component:
                scope.Add(Sort.Component, new ComponentClosure(component.Component, scope));
                break;
            case Instantiation instantiation:
                scope.Add(Sort.Instance, Instantiate(scope, instantiation));
                break;
            case InlineInstance inline:
                scope.Add(Sort.Instance, Bag(scope, inline.Offset, inline.Exports));
                break;
            case ExportAlias alias:
                Aliases.AddExport(scope, alias);
                break;
            case OuterAlias alias:
                Aliases.AddOuter(scope, alias);
                break;
            case TypeDefinition { Type: ResourceSyntax resource }:
                scope.Add(Sort.Type, _canon.DefineResource(scope, definition.Offset, resource));
                break;
            case TypeDefinition type:
                scope.Add(Sort.Type, _types.Evaluate(scope, type));
                break;
            case ValueDefinition value:
                throw new ComponentException(value.Offset, $"the component has {value.What}, a part of the component model that this version does not run");
            default:
                _canon.Define(scope, definition);
                break;
        }
    }

    private Item Take(Scope scope, Import import, Exports? arguments)
    {
        if (arguments is null)
        {
            return _imports.MakeRootImport(scope, import);
        }

        var argument = arguments.Find(import.Name)
            ?? throw new ComponentException(import.Offset, $"a component is instantiated without its import '{import.Name}'");
        _imports.CheckArgument(scope, import, argument);
        return argument;
    }

    private Exports Instantiate(Scope scope, Instantiation instantiation)
    {
        var offset = instantiation.Offset;
        var closure = scope.Get<ComponentClosure>(Sort.Component, instantiation.Component, offset, "a component");
        var arguments = Bag(scope, offset, instantiation.Arguments);
        _plan.Budget.Enter(offset);
        var exports = Instantiate(closure, _plan.AddInstance(offset, scope.Instance), arguments);
        _plan.Budget.Leave();
        return exports;
    }

    private Exports Bag(Scope scope, int offset, NamedItem[] items)
    {
        _plan.Budget.Charge(offset, items.Length);
        var exports = new Exports();
        foreach (var item in items)
        {
            exports.Add(offset, item.Name, new Item(item.Sort, scope.Get(item.Sort, item.Index, offset)));
        }

        return exports;
    }

    // A type that is written beside an export can only hide what the item is, which changes nothing at run time.
    private static void CheckExport(Export export)
    {
        if (export.Sort is < Sort.CoreModule or Sort.CoreInstance)
        {
            throw new ComponentException(export.Offset, $"a component cannot export the {Scope.Name(export.Sort)} '{export.Name}'");
        }

        if (export.Type is { } type && type.Sort != export.Sort)
        {
            throw new ComponentException(export.Offset, $"'{export.Name}' is exported as {Scope.Name(type.Sort)} and is a {Scope.Name(export.Sort)}");
        }
    }
}
