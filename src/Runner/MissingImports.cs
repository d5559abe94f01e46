using Skiff.Engine;
using Skiff.Wasi;

namespace Skiff.Runner;

/// <summary>Says which imports of a guest nobody offers.</summary>
internal static class MissingImports
{
    // The first ones show what was built wrongly; the hundredth says nothing new.
    private const int ImportsMax = 8;

    /// <summary>Null when every name is offered (the types may still differ).</summary>
    public static string? Describe(CompiledModule module, ModuleLinker linker, WasmStore store)
    {
        var missing = module.Imports.Where(import => !linker.Defines(store, import.Module, import.Name)).ToList();
        return missing.Count == 0
            ? null
            : Describe(missing.Select(import => $"{import.Module}.{import.Name} ({import.Type})"), missing.Count, missing.Select(import => WasiOffer.Explain(import.Module)));
    }

    /// <summary>Null when every interface is offered; the engine checks what is in them.</summary>
    public static string? Describe(CompiledComponent component)
    {
        var missing = component.Imports
            .Where(import => import.Kind != ExternKind.Type && !WasiOffer.Offers(import.Name))
            .Select(import => import.Name)
            .ToList();
        return missing.Count == 0 ? null : Describe(missing, missing.Count, missing.Select(WasiOffer.ExplainInterface));
    }

    private static string Describe(IEnumerable<string> names, int count, IEnumerable<string> explanations) =>
        $"the guest imports what Skiff does not offer: {string.Join(", ", names.Take(ImportsMax))}"
        + (count > ImportsMax ? $" and {count - ImportsMax} more" : "")
        + $"; {string.Join("; ", explanations.Distinct())}";
}
