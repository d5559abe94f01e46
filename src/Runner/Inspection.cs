using System.Globalization;
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
    /// <summary>Inspects a file's content; compiles it (without keeping the code) unless the cache has it.</summary>
    public static Inspection Of(string name, ReadOnlySpan<byte> content, CodeCache cache)
    {
        var digest = ContentDigest.Of(content);
        using var engine = new WasmEngine();
        if (cache.TryOpen(digest) is { } entry)
        {
            using (entry.Handle)
            {
                return entry.Kind == CodeKind.Module
                    ? OfModule(digest, cached: true, Code.MapModule(engine, entry.Path))
                    : OfComponent(digest, cached: true, Code.MapComponent(engine, entry.Path));
            }
        }

        using var code = ModuleCompiler.CompileOnly(name, content, out var kind);
        return kind == CodeKind.Module
            ? OfModule(digest, cached: false, CompiledModule.Load(engine, code.Bytes))
            : OfComponent(digest, cached: false, CompiledComponent.Load(engine, code.Bytes));
    }

    private static Inspection OfModule(string digest, bool cached, CompiledModule module)
    {
        using var owned = module;
        var imports = module.Imports
            .Select(import => new InspectedItem($"{import.Module}.{import.Name}", import.Type, import.Module == WasiOffer.Preview1, []))
            .ToList();
        var needs = new List<string>();
        if (module.Imports.Any(import => import.Module == WasiOffer.Preview1))
        {
            needs.Add("WASI Preview 1");
        }

        needs.AddRange(module.Imports.Select(import => import.Module).Distinct().Where(name => name != WasiOffer.Preview1)
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

    private static Inspection OfComponent(string digest, bool cached, CompiledComponent component)
    {
        using var owned = component;
        var imports = component.Imports
            .Select(item => Show(item, item.Kind == ExternKind.Type || WasiOffer.Offers(item.Name)))
            .ToList();
        // "wasi:cli/run@0.2.3" -> "0.2.3"
        var versions = component.Imports.Select(item => item.Name)
            .Where(name => name.StartsWith("wasi:", StringComparison.Ordinal) && name.Contains('@', StringComparison.Ordinal))
            .Select(name => name[(name.IndexOf('@', StringComparison.Ordinal) + 1)..])
            .Distinct().Order(StringComparer.Ordinal).ToList();
        var needs = versions.Count == 0 ? new List<string>() : [$"WASI {string.Join(", ", versions)}"];
        needs.AddRange(imports.Where(item => !item.Offered).Select(item => $"{item.Name}: {WasiOffer.ExplainInterface(item.Name)}"));
        var (runs, verdict) = Judge(GuestKind.Detect(component, null), imports);
        return new Inspection(
            digest,
            CodeKind.Component,
            cached,
            imports,
            component.Exports.Select(item => Show(item, offered: true)).ToList(),
            needs,
            runs,
            verdict);
    }

    private static (bool Runs, string Verdict) Judge(GuestKind kind, List<InspectedItem> imports)
    {
        if (kind.Refusal is { } refusal)
        {
            return (false, refusal);
        }

        var missing = imports.Where(import => !import.Offered).Select(import => import.Name).ToList();
        return missing.Count == 0
            ? (true, $"runs as a command: it is {kind.Why}")
            : (false, $"would be refused: it is {kind.Why}, but imports {string.Join(", ", missing)}");
    }

    private static InspectedItem Show(ComponentItem item, bool offered) =>
        new(item.Name, item.Type, offered, item.Items.Select(inner => Show(inner, offered)).ToList());

    private static string Describe(MemoryLimits memory) => string.Create(
        CultureInfo.InvariantCulture,
        $"memory of {memory.MinimumPages} pages (64 KiB each) at the start, {(memory.MaximumPages is { } most ? $"at most {most}" : "no maximum of its own")}");
}
