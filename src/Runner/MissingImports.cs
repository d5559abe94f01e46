using Skiff.Components.Host;
using Skiff.Components.Linking;
using Skiff.Engine;
using Skiff.Wasi;

namespace Skiff.Runner;

/// <summary>Says which imports of a guest nobody offers.</summary>
internal static class MissingImports
{
    // The first ones show what was built wrongly; the hundredth says nothing new.
    private const int ImportsMax = 8;

    /// <summary>Null when every name is offered (the types may still differ).</summary>
    /// <param name="host">What the module may import lowered; null: nothing.</param>
    public static string? Describe(CompiledModule module, ModuleLinker linker, WasmStore store, HostInterfaces? host)
    {
        var missing = module.Imports
            .Where(import => !linker.Defines(store, import.Module, import.Name) && (host is null || !LoweredModule.IsOffered(import, host)))
            .ToList();
        return missing.Count == 0
            ? null
            : Describe(missing.Select(import => $"{import.Module}.{import.Name} ({import.Type})"), missing.Count, missing.Select(import => WasiOffer.Explain(import.Module)));
    }

    /// <summary>Null when every interface that is used is offered; linking compares the functions.</summary>
    public static string? Describe(LinkPlan plan, HostInterfaces host)
    {
        var missing = plan.Imports.Where(import => !IsOffered(import, host)).Select(Name).ToList();
        return missing.Count == 0 ? null : Describe(missing, missing.Count, missing.Select(WasiOffer.ExplainInterface));
    }

    /// <summary>Whether what is used of an import can be given. Toolchains import interfaces of which nothing is used but types.</summary>
    public static bool IsOffered(PlannedImport import, HostInterfaces host) =>
        (import.Interface is { } name && host.Offers(name.Text)) || !import.Functions.Any(function => function.Index >= 0);

    /// <summary>Of the interface, or of the function that is imported by itself.</summary>
    public static string Name(PlannedImport import) =>
        import.Interface?.Text ?? import.Functions.Select(function => function.Name).Concat(import.Resources.Select(resource => resource.Label)).First();

    private static string Describe(IEnumerable<string> names, int count, IEnumerable<string> explanations) =>
        $"the guest imports what Skiff does not offer: {string.Join(", ", names.Take(ImportsMax))}"
        + (count > ImportsMax ? $" and {count - ImportsMax} more" : "")
        + $"; {string.Join("; ", explanations.Distinct())}";
}
