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
    /// <summary>Finds or makes the compiled form of a module or component.</summary>
    /// <param name="name">What to call it in errors.</param>
    /// <param name="content">Binary or text.</param>
    /// <exception cref="GuestException">It is neither, or not a valid one.</exception>
    /// <exception cref="IOException">The cache cannot take it.</exception>
    public CachedModule Compile(string name, ReadOnlyMemory<byte> content)
    {
        var digest = ContentDigest.Of(content.Span);
        if (Find(digest) is { } found)
        {
            return found;
        }

        cache.CreateFolders();
        using (acquire(cache.LockPathOf(digest)))
        {
            // Somebody else may have held the lock for just this file.
            if (Find(digest) is { } filled)
            {
                return filled;
            }

            // Modules that components share are compiled for the first; two at once do the same work twice and keep one result.
            using var compiled = CompileOnly(name, content, cache.HasModule);
            var code = Insert(digest, compiled);
            using (acquire(cache.CleaningLockPath))
            {
                cache.Clean(cacheBytesMax, keep: digest);
            }

            return new CachedModule(digest, code, WasCached: false);
        }
    }

    /// <summary>Compiles without keeping anything.</summary>
    /// <param name="isKnown">Tells by its digest of a component's core module whether it need not be compiled; null: all are.</param>
    /// <exception cref="GuestException">It is neither module nor component, or not a valid one.</exception>
    public static CompiledGuest CompileOnly(string name, ReadOnlyMemory<byte> content, Func<string, bool>? isKnown = null)
    {
        try
        {
            var binary = WasmFormat.ToBinary(content);
            using var engine = new WasmEngine();
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

    private CompiledCode Insert(string digest, CompiledGuest compiled)
    {
        if (compiled.Kind == CodeKind.Module)
        {
            return new CompiledCode(cache.InsertModule(digest, compiled.Modules[0].Code!.Bytes), CodeKind.Module, []);
        }

        foreach (var module in compiled.Modules)
        {
            if (module.Code is { } code)
            {
                cache.InsertModule(module.Digest, code.Bytes);
            }
        }

        // Last: who finds the component finds its modules.
        var path = cache.InsertComponent(digest, compiled.Component, [.. compiled.Modules.Select(module => module.Digest)]);
        return new CompiledCode(path, CodeKind.Component, [.. compiled.Modules.Select(module => cache.PathOf(module.Digest, CodeKind.Module))]);
    }

    private CachedModule? Find(string digest)
    {
        using var entry = cache.TryOpen(digest);
        return entry is null ? null : new CachedModule(digest, entry.Code, WasCached: true);
    }
}
