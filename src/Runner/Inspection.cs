using System.Globalization;
using Skiff.Components;
using Skiff.Components.Linking;
using Skiff.Engine;
using Skiff.Guest;
using Skiff.Wasi;

namespace Skiff.Runner;

/// <summary>An import or export as it is shown: name, type, and what an instance holds.</summary>
/// <param name="Offered">Whether Skiff binds an import of this name. True for exports.</param>
public sealed record InspectedItem(string Name, string Type, bool Offered, IReadOnlyList<InspectedItem> Items);

/// <summary>What a module or component is, needs, and would be done with.</summary>
/// <param name="Needs">In people's words: WASI versions, memory.</param>
/// <param name="Verdict">What Skiff would do with it and why.</param>
public sealed record Inspection(
    string Digest,
    CodeKind Kind,
    bool Cached,
    IReadOnlyList<InspectedItem> Imports,
    IReadOnlyList<InspectedItem> Exports,
    IReadOnlyList<string> Needs,
    bool Runs,
    string Verdict)
{
    /// <summary>Inspects a file's content. A module is compiled for it (without keeping the code) unless the cache has it.</summary>
    /// <exception cref="GuestException">It is neither module nor component, or not a valid one.</exception>
    public static Inspection Of(string name, ReadOnlyMemory<byte> content, CodeCache cache)
    {
        var digest = ContentDigest.Of(content.Span);
        using var entry = cache.TryOpen(digest);
        using var engine = new WasmEngine();
        if (entry is { Kind: CodeKind.Module })
        {
            return OfModule(digest, cached: true, Code.MapModule(engine, entry.Path));
        }

        try
        {
            var binary = WasmFormat.ToBinary(content);
            if (WasmFormat.KindOf(binary.Span) == CodeKind.Component)
            {
                return OfComponent(digest, entry is not null, Component.Parse(binary));
            }
        }
        catch (Exception fault) when (fault is EngineException or ComponentException or GuestException)
        {
            throw new GuestException($"{name} cannot be inspected: {fault.Message}", fault);
        }

        using var code = ModuleCompiler.CompileOnly(name, content);
        return OfModule(digest, cached: false, CompiledModule.Load(engine, code.Modules[0].Code!.Bytes));
    }

    private static Inspection OfModule(string digest, bool cached, CompiledModule module)
    {
        using var owned = module;
        var host = LinkedGuest.Interfaces();
        bool IsOffered(ModuleImport import) => WasiOffer.IsPreview1(import) || LoweredModule.IsOffered(import, host);

        var imports = module.Imports
            .Select(import => new InspectedItem($"{import.Module}.{import.Name}", import.Type, IsOffered(import), []))
            .ToList();
        var needs = new List<string>();
        if (module.Imports.Any(WasiOffer.IsPreview1))
        {
            needs.Add(module.Imports.Any(import => import.Module == WasiOffer.Unstable) ? "WASI Preview 0" : "WASI Preview 1");
        }

        needs.AddRange(Versions(module.Imports.Where(IsOffered).Select(import => InterfaceName.Parse(import.Module))));
        needs.AddRange(module.Imports.Where(import => !IsOffered(import)).Select(import => import.Module).Distinct()
            .Select(name => $"{name}: {WasiOffer.Explain(name)}"));
        needs.AddRange(module.Exports.Where(export => export.Memory is not null).Select(export => Describe(export.Memory!)));
        var (runs, verdict) = Judge(GuestKind.Detect(module, null), imports);
        return new Inspection(
            digest,
            CodeKind.Module,
            cached,
            imports,
            module.Exports.Select(export => new InspectedItem(export.Name, export.Type, true, [])).ToList(),
            needs,
            runs,
            verdict);
    }

    private static Inspection OfComponent(string digest, bool cached, LinkPlan plan)
    {
        var host = LinkedGuest.Interfaces();
        var imports = plan.Imports.Select(import => Show(import, MissingImports.IsOffered(import, host))).ToList();
        var needs = Versions(plan.Imports.Where(import => import.Interface is not null).Select(import => import.Interface!.Value)).ToList();
        needs.AddRange(imports.Where(item => !item.Offered).Select(item => $"{item.Name}: {WasiOffer.ExplainInterface(item.Name)}"));
        var (runs, verdict) = Judge(GuestKind.Detect(plan, null), imports);
        return new Inspection(
            digest, CodeKind.Component, cached, imports, [.. plan.Exports.Select(Show)], needs, runs, verdict);
    }

    // None, or one text with all of them.
    private static IEnumerable<string> Versions(IEnumerable<InterfaceName> names)
    {
        var versions = names
            .Where(name => name.Version is not null && name.Path.StartsWith("wasi:", StringComparison.Ordinal))
            .Select(name => name.Version!)
            .Distinct().Order(Comparer<string>.Create(InterfaceName.CompareVersions)).ToList();
        return versions.Count == 0 ? [] : [$"WASI {string.Join(", ", versions)}"];
    }

    private static (bool Runs, string Verdict) Judge(GuestKind kind, List<InspectedItem> imports)
    {
        if (kind.Form == GuestForm.Library)
        {
            return (false, kind.Refusal!);
        }

        var missing = imports.Where(import => !import.Offered).Select(import => import.Name).ToList();
        return (missing.Count, kind.Form) switch
        {
            ( > 0, _) => (false, $"would be refused: it is {kind.Why}, but imports {string.Join(", ", missing)}"),
            (_, GuestForm.HttpHandler) => (true, $"answers HTTP requests: it is {kind.Why}; serve it with skiff serve, or as a container"),
            _ => (true, $"runs as a command: it is {kind.Why}"),
        };
    }

    private static InspectedItem Show(PlannedImport import, bool offered)
    {
        List<InspectedItem> items =
        [
            .. import.Resources.Select(resource => new InspectedItem(resource.Label, "resource", offered, [])),
            .. import.Functions.Select(function => new InspectedItem(function.Name, function.Type.ToString(), offered, [])),
        ];
        return import.Interface is { } name ? new InspectedItem(name.Text, "instance", offered, items) : items[0];
    }

    private static InspectedItem Show(PlannedExport export) => export switch
    {
        FunctionExport function => new InspectedItem(function.Name, function.Function.Type.ToString(), true, []),
        InstanceExport instance => new InspectedItem(instance.Name, "instance", true, [.. instance.Items.Select(Show)]),
        TypeExport { Value: { } value } => new InspectedItem(export.Name, $"type {value}", true, []),
        _ => new InspectedItem(export.Name, "resource", true, []),
    };

    private static string Describe(MemoryLimits memory) => string.Create(
        CultureInfo.InvariantCulture,
        $"memory of {memory.MinimumPages} pages (64 KiB each) at the start, {(memory.MaximumPages is { } most ? $"at most {most}" : "no maximum of its own")}");
}
