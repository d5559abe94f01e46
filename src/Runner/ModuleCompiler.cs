using Skiff.Components;
using Skiff.Components.Binary;
using Skiff.Engine;
using Skiff.Guest;

namespace Skiff.Runner;

/// <summary>A module or component in the cache.</summary>
/// <param name="WasCached">It was there already, or another process put it there meanwhile.</param>
public sealed record CachedModule(string Digest, CompiledCode Code, bool WasCached);

/// <summary>Turns modules and components into entries of the cache, each once however many ask at the same time.</summary>
/// <param name="acquire">Waits for the lock of a file (flock(2)) and returns what releases it.</param>
/// <param name="cacheBytesMax">Bound of the cache, in bytes, cleaned for after each new entry.</param>
public sealed class ModuleCompiler(CodeCache cache, Func<string, IDisposable> acquire, long cacheBytesMax)
{
    /// <summary>
    /// Core modules of fewer bytes altogether are optimised at once: there is too little to gain. A megabyte takes two seconds.
    /// </summary>
    public const int BaselineBytesMin = 256 << 10;

    /// <summary>Finds or makes the optimised form of a module or component.</summary>
    /// <param name="name">What to call it in errors.</param>
    /// <param name="content">Binary or text.</param>
    /// <exception cref="GuestException">It is neither, or not a valid one.</exception>
    /// <exception cref="IOException">The cache cannot take it.</exception>
    public CachedModule Compile(string name, ReadOnlyMemory<byte> content)
    {
        var digest = ContentDigest.Of(content.Span);
        return Find(cache, digest) ?? FindOrMake(cache, name, content, digest)!;
    }

    /// <summary>
    /// As <see cref="Compile"/>, but what takes long to optimise is compiled by the baseline compiler, if that can: the caller then has
    /// the optimised form made (<see cref="Compile"/>) while the guest runs already.
    /// </summary>
    /// <param name="handlers">
    /// Also what answers requests. Such a guest runs for long, on every node of a cluster: where its code cannot be replaced while it
    /// runs, it is worth the wait.
    /// </param>
    public CachedModule CompileSoon(string name, ReadOnlyMemory<byte> content, bool handlers)
    {
        var digest = ContentDigest.Of(content.Span);
        if (Find(cache, digest) is { } optimised)
        {
            return optimised;
        }

        return Find(cache.Baseline, digest)
            ?? (TakesLong(content, handlers) ? FindOrMake(cache.Baseline, name, content, digest) : null)
            ?? FindOrMake(cache, name, content, digest)!;
    }

    // Null: the baseline compiler cannot.
    private CachedModule? FindOrMake(CodeCache tier, string name, ReadOnlyMemory<byte> content, string digest)
    {
        cache.CreateFolders();
        tier.CreateFolders();
        using (acquire(tier.LockPathOf(digest)))
        {
            // Somebody else may have held the lock for just this file.
            if (Find(tier, digest) is { } filled)
            {
                return filled;
            }

            CompiledGuest compiled;
            try
            {
                // Modules that components share are compiled for the first; two at once do the same work twice and keep one result.
                compiled = CompileOnly(name, content, tier.HasModule, tier.IsBaseline);
            }
            catch (GuestException) when (tier.IsBaseline)
            {
                return null;
            }

            using (compiled)
            {
                var code = Insert(tier, digest, compiled);
                using (acquire(cache.CleaningLockPath))
                {
                    cache.Clean(cacheBytesMax, keep: digest);
                }

                return new CachedModule(digest, code, WasCached: false);
            }
        }
    }

    private bool TakesLong(ReadOnlyMemory<byte> content, bool handlers)
    {
        if (!WasmEngine.HasBaseline || content.Length < BaselineBytesMin || WasmFormat.IsText(content.Span))
        {
            return false;
        }

        try
        {
            if (WasmFormat.KindOf(content.Span) == CodeKind.Module)
            {
                return true;
            }

            var plan = Component.Parse(content);
            var bytes = plan.Modules.Sum(module => cache.HasModule(ContentDigest.Of(module.Bytes.Span)) ? 0L : module.Bytes.Length);
            return bytes >= BaselineBytesMin && (handlers || GuestKind.Detect(plan, null).Form != GuestForm.HttpHandler);
        }
        catch (Exception fault) when (fault is ComponentException or GuestException)
        {
            // Compiling it says what is wrong.
            return false;
        }
    }

    /// <summary>Compiles without keeping anything.</summary>
    /// <param name="isKnown">Tells by its digest of a component's core module whether it need not be compiled; null: all are.</param>
    /// <param name="baseline">By the baseline compiler, which does not know all of WebAssembly.</param>
    /// <exception cref="GuestException">It is neither module nor component, or not a valid one.</exception>
    public static CompiledGuest CompileOnly(string name, ReadOnlyMemory<byte> content, Func<string, bool>? isKnown = null, bool baseline = false)
    {
        try
        {
            var binary = WasmFormat.ToBinary(content);
            using var engine = new WasmEngine(new WasmEngineOptions { Baseline = baseline });
            return WasmFormat.KindOf(binary.Span) == CodeKind.Module
                ? CompiledGuest.OfModule(engine.Compile(binary.Span))
                : CompileComponent(engine, binary, isKnown);
        }
        catch (Exception fault) when (fault is EngineException or ComponentException)
        {
            throw new GuestException($"{name} cannot be compiled: {fault.Message}", fault);
        }
        catch (GuestException fault)
        {
            throw new GuestException($"{name} cannot be run: {fault.Message}", fault);
        }
    }

    private static CompiledGuest CompileComponent(WasmEngine engine, ReadOnlyMemory<byte> binary, Func<string, bool>? isKnown)
    {
        var plan = Component.Parse(binary);
        var compiled = new CompiledGuest(CodeKind.Component, ComponentSkeleton.Of(binary.Span));
        try
        {
            foreach (var module in plan.Modules)
            {
                var digest = ContentDigest.Of(module.Bytes.Span);
                var isThere = compiled.Modules.Any(earlier => earlier.Digest == digest) || isKnown?.Invoke(digest) == true;
                compiled.Add(new CompiledPart(digest, isThere ? null : engine.Compile(module.Bytes.Span)));
            }

            return compiled;
        }
        catch
        {
            compiled.Dispose();
            throw;
        }
    }

    private static CompiledCode Insert(CodeCache tier, string digest, CompiledGuest compiled)
    {
        if (compiled.Kind == CodeKind.Module)
        {
            return new CompiledCode(tier.InsertModule(digest, compiled.Modules[0].Code!.Bytes), CodeKind.Module, []) { IsBaseline = tier.IsBaseline };
        }

        foreach (var module in compiled.Modules)
        {
            if (module.Code is { } code)
            {
                tier.InsertModule(module.Digest, code.Bytes);
            }
        }

        // Last: who finds the component finds its modules.
        var path = tier.InsertComponent(digest, compiled.Component, [.. compiled.Modules.Select(module => module.Digest)]);
        return new CompiledCode(path, CodeKind.Component, [.. compiled.Modules.Select(module => tier.PathOf(module.Digest, CodeKind.Module))])
        {
            IsBaseline = tier.IsBaseline,
        };
    }

    private static CachedModule? Find(CodeCache tier, string digest)
    {
        using var entry = tier.TryOpen(digest);
        return entry is null ? null : new CachedModule(digest, entry.Code, WasCached: true);
    }
}
