using System.Globalization;
using Skiff.Engine;
using Skiff.Guest;

namespace Skiff.Runner;

/// <summary>A module in the cache.</summary>
/// <param name="WasCached">It was there already, or another process put it there meanwhile.</param>
public sealed record CachedModule(string Digest, CodeKind Kind, string Path, bool WasCached);

/// <summary>Turns modules into entries of the cache, each once however many ask at the same time.</summary>
/// <param name="acquire">Waits for the lock of a file (flock(2)) and returns what releases it.</param>
/// <param name="cacheBytesMax">Bound of the cache, in bytes, cleaned for after each new entry.</param>
public sealed class ModuleCompiler(CodeCache cache, Func<string, IDisposable> acquire, long cacheBytesMax)
{
    /// <summary>Finds or makes the compiled form of a module.</summary>
    /// <param name="name">What to call it in errors.</param>
    /// <param name="content">Binary or text.</param>
    /// <exception cref="GuestException">It is no module, or not a valid one.</exception>
    /// <exception cref="IOException">The cache cannot take it.</exception>
    public CachedModule Compile(string name, ReadOnlySpan<byte> content)
    {
        var digest = ContentDigest.Of(content);
        if (Find(digest) is { } found)
        {
            return found;
        }

        cache.CreateFolders();
        using (acquire(cache.LockPathOf(digest)))
        {
            // Somebody else may have held the lock for just this module.
            if (Find(digest) is { } filled)
            {
                return filled;
            }

            using var code = CompileOnly(name, content, out var kind);
            var path = cache.Insert(digest, kind, code.Bytes);
            using (acquire(cache.CleaningLockPath))
            {
                cache.Clean(cacheBytesMax, keep: path);
            }

            return new CachedModule(digest, kind, path, WasCached: false);
        }
    }

    /// <summary>Compiles without any cache.</summary>
    /// <exception cref="GuestException">It is no module, or not a valid one.</exception>
    public static SerializedCode CompileOnly(string name, ReadOnlySpan<byte> content, out CodeKind kind)
    {
        try
        {
            if (WasmFormat.IsText(content))
            {
                content = content.Length <= WasmFormat.TextBytesMax
                    ? WasmEngine.FromText(content)
                    : throw new GuestException(string.Create(
                        CultureInfo.InvariantCulture,
                        $"a text of {content.Length} bytes; at most {WasmFormat.TextBytesMax} are read as text, give the binary format"));
            }

            kind = WasmFormat.KindOf(content);
            using var engine = new WasmEngine();
            return engine.Compile(content, kind == CodeKind.Component);
        }
        catch (EngineException fault)
        {
            throw new GuestException($"{name} cannot be compiled: {fault.Message}", fault);
        }
        catch (GuestException fault)
        {
            throw new GuestException($"{name} cannot be run: {fault.Message}", fault);
        }
    }

    private CachedModule? Find(string digest)
    {
        if (cache.TryOpen(digest) is not { } entry)
        {
            return null;
        }

        entry.Handle.Dispose();
        return new CachedModule(digest, entry.Kind, entry.Path, WasCached: true);
    }
}
