using Skiff.Components.Binary;
using Skiff.Components.Types;

namespace Skiff.Components.Linking;

/// <summary>
/// Makes what the root imports, from the types that it declares; and checks what a nested component is given against the types that
/// it declares. In both an instance type's body is run, as a scope of its own.
/// </summary>
internal sealed class ImportEvaluator(PlanBuilder plan, TypeEvaluator types)
{
    /// <summary>An import of the root.</summary>
    public Item MakeRootImport(Scope scope, Import import)
    {
        var offset = import.Offset;
        switch (import.Type.Kind)
        {
            case ExternKind.Instance:
                var name = InterfaceName.Parse(import.Name);
                var functions = new List<ImportedFunction>();
                var resources = new List<ImportedResourceType>();
                var type = InstanceType(scope, import.Type, offset);
                var instance = MakeInstance(new Importing(name, "", functions, resources), type, offset);
                plan.AddImport(new PlannedImport(name, functions, resources));
                return new Item(Sort.Instance, instance);
            case ExternKind.Function:
                var function = new ImportedFunction(null, import.Name, FunctionType(scope, import.Type, offset));
                plan.AddImport(new PlannedImport(null, [function], []));
                return new Item(Sort.Function, function);
            case ExternKind.TypeEqual:
                return new Item(Sort.Type, scope.Get(Sort.Type, import.Type.Index, offset));
            case ExternKind.TypeSubResource:
                var resource = plan.ImportedResource(null, import.Name);
                plan.AddImport(new PlannedImport(null, [], [resource]));
                return new Item(Sort.Type, resource);
            default:
                throw new ComponentException(
                    offset,
                    $"the component imports the {Scope.Name(import.Type.Sort)} '{import.Name}'; a host can give it functions and instances of functions only");
        }
    }

    /// <summary>The argument for an import of a nested component, checked.</summary>
    public void CheckArgument(Scope scope, Import import, Item argument)
    {
        if (argument.Sort != import.Type.Sort)
        {
            throw new ComponentException(
                import.Offset, $"the argument '{import.Name}' is a {Scope.Name(argument.Sort)}, and a {Scope.Name(import.Type.Sort)} is imported");
        }

        Check(scope, import.Name, import.Type, argument, import.Offset);
    }

    private Exports MakeInstance(Importing importing, ScopeClosure type, int offset)
    {
        plan.Budget.Enter(offset);
        var exports = new Exports();
        RunBody(type, (scope, declaration) =>
        {
            var item = MakeExport(importing, scope, declaration);
            exports.Add(declaration.Offset, declaration.Name, item);
            return item;
        });
        plan.Budget.Leave();
        return exports;
    }

    private Item MakeExport(Importing importing, Scope scope, ExportDeclaration declaration)
    {
        var offset = declaration.Offset;
        var name = importing.Path + declaration.Name;
        switch (declaration.Type.Kind)
        {
            case ExternKind.Function:
                var function = new ImportedFunction(importing.Interface, name, FunctionType(scope, declaration.Type, offset));
                importing.Functions.Add(function);
                return new Item(Sort.Function, function);
            case ExternKind.TypeEqual:
                return new Item(Sort.Type, scope.Get(Sort.Type, declaration.Type.Index, offset));
            case ExternKind.TypeSubResource:
                var resource = plan.ImportedResource(importing.Interface, name);
                importing.Resources.Add(resource);
                return new Item(Sort.Type, resource);
            case ExternKind.Instance:
                var nested = InstanceType(scope, declaration.Type, offset);
                return new Item(Sort.Instance, MakeInstance(importing with { Path = name + "/" }, nested, offset));
            default:
                throw new ComponentException(
                    offset,
                    $"the component imports the {Scope.Name(declaration.Type.Sort)} '{name}' of '{importing.Interface}'; a host can give it functions and resources only");
        }
    }

    private void Check(Scope scope, string name, ExternTypeSyntax declared, Item actual, int offset)
    {
        switch (declared.Kind)
        {
            case ExternKind.Function:
                var function = FunctionType(scope, declared, offset);
                var given = ((PlannedFunction)actual.Value!).Type;
                if (!types.AreEqual(offset, function, given))
                {
                    throw new ComponentException(offset, $"'{name}' is {Short(given)}, and {Short(function)} is imported");
                }

                break;
            case ExternKind.TypeEqual:
                CheckType(scope.Get(Sort.Type, declared.Index, offset), name, actual, offset);
                break;
            case ExternKind.TypeSubResource when actual.Value is not ResourceType:
                throw new ComponentException(offset, $"'{name}' is no resource type, and one is imported");
            case ExternKind.Instance:
                CheckInstance(InstanceType(scope, declared, offset), name, (Exports)actual.Value!, offset);
                break;
        }
    }

    private void CheckType(object? declared, string name, Item actual, int offset)
    {
        var same = (declared, actual.Value) switch
        {
            (ValueType one, ValueType other) => types.AreEqual(offset, one, other),
            (FunctionType one, FunctionType other) => types.AreEqual(offset, one, other),
            (ResourceType one, ResourceType other) => one.IsSame(other),
            // Types of instances and components: what is made with them is checked where it is used.
            (ScopeClosure, ScopeClosure) => true,
            _ => false,
        };
        if (!same)
        {
            throw new ComponentException(offset, $"the type '{name}' is not the one that is imported");
        }
    }

    private void CheckInstance(ScopeClosure declared, string name, Exports actual, int offset)
    {
        plan.Budget.Enter(offset);
        RunBody(declared, (scope, declaration) =>
        {
            if (actual.Find(declaration.Name) is not { } item || item.Sort != declaration.Type.Sort)
            {
                throw new ComponentException(
                    declaration.Offset, $"the instance '{name}' has no {Scope.Name(declaration.Type.Sort)} '{declaration.Name}', which is imported of it");
            }

            Check(scope, declaration.Name, declaration.Type, item, declaration.Offset);
            return item;
        });
        plan.Budget.Leave();
    }

    // The scope gets what the export is in truth, so that later types of the body speak of the actual resources.
    private void RunBody(ScopeClosure type, Func<Scope, ExportDeclaration, Item> export)
    {
        var scope = new Scope(type.Scope, null);
        foreach (var declaration in type.Syntax.Declarations)
        {
            plan.Budget.Charge(declaration.Offset);
            switch (declaration)
            {
                case TypeDefinition { Type: ResourceSyntax }:
                    throw new ComponentException(declaration.Offset, "a resource type is defined within a type");
                case TypeDefinition definition:
                    scope.Add(Sort.Type, types.Evaluate(scope, definition));
                    break;
                case CoreTypeDefinition definition:
                    Aliases.AddCoreTypes(scope, definition);
                    break;
                case ExportAlias alias:
                    Aliases.AddExport(scope, alias);
                    break;
                case OuterAlias alias:
                    Aliases.AddOuter(scope, alias);
                    break;
                case ExportDeclaration declared:
                    var item = export(scope, declared);
                    scope.Add(item.Sort, item.Value);
                    break;
                default:
                    throw new ComponentException(declaration.Offset, "an instance type has no imports");
            }
        }
    }

    private static ScopeClosure InstanceType(Scope scope, ExternTypeSyntax type, int offset)
    {
        var closure = scope.Get<ScopeClosure>(Sort.Type, type.Index, offset, "an instance type");
        return !closure.Syntax.IsComponent ? closure : throw new ComponentException(offset, $"type {type.Index} is not an instance type");
    }

    private static FunctionType FunctionType(Scope scope, ExternTypeSyntax type, int offset) =>
        scope.Get<FunctionType>(Sort.Type, type.Index, offset, "a function type");

    private static string Short(FunctionType type)
    {
        const int CharactersMax = 300;
        var text = type.ToString();
        return text.Length <= CharactersMax ? text : text[..CharactersMax] + "…";
    }

    private sealed record Importing(InterfaceName Interface, string Path, List<ImportedFunction> Functions, List<ImportedResourceType> Resources);
}
