using Skiff.Components.Binary;

namespace Skiff.Components.Linking;

/// <summary>Definitions that mean the same in the bodies of components and of types.</summary>
internal static class Aliases
{
    public static void AddExport(Scope scope, ExportAlias alias)
    {
        var offset = alias.Offset;
        var instance = scope.Get<Exports>(alias.IsCore ? Sort.CoreInstance : Sort.Instance, alias.Instance, offset, "an instance");
        if (instance.Find(alias.Name) is not { } item || item.Sort != alias.Sort)
        {
            throw new ComponentException(
                offset, $"{(alias.IsCore ? "core instance" : "instance")} {alias.Instance} exports no {Scope.Name(alias.Sort)} '{alias.Name}'");
        }

        scope.Add(item.Sort, item.Value);
    }

    public static void AddOuter(Scope scope, OuterAlias alias)
    {
        if (alias.Sort is not (Sort.Type or Sort.CoreType or Sort.Component or Sort.CoreModule))
        {
            throw new ComponentException(alias.Offset, $"an outer alias of a {Scope.Name(alias.Sort)} is not possible");
        }

        var outer = scope;
        for (var i = 0; i < alias.Count; i++)
        {
            outer = outer.Parent ?? throw new ComponentException(alias.Offset, $"an outer alias leads {alias.Count} scopes out, and there are {i}");
        }

        scope.Add(alias.Sort, outer.Get(alias.Sort, alias.Index, alias.Offset));
    }

    public static void AddCoreTypes(Scope scope, CoreTypeDefinition definition)
    {
        if (definition.Types is null)
        {
            scope.Add(Sort.CoreType, null);
            return;
        }

        foreach (var type in definition.Types)
        {
            scope.Add(Sort.CoreType, type);
        }
    }
}
