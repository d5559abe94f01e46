namespace Skiff.Guest;

/// <summary>What lies in the cache, and what of it goes when it grows beyond its bound.</summary>
public sealed partial class CodeCache
{
    /// <summary>Size of the cache when nobody asks for another, in bytes: a hundred JavaScript or several thousand C programs.</summary>
    public const long BytesMaxDefault = 4L << 30;

    // A temporary file lives for the seconds that writing takes; an older one was left by a process that was killed.
    private static readonly TimeSpan TemporaryAge = TimeSpan.FromHours(1);

    // Two versions may share a node for a while (an upgrade under way); what nobody has used for a day is the older one's.
    private static readonly TimeSpan OtherVersionAge = TimeSpan.FromDays(1);

    /// <summary>The entries that this engine can load, the longest unused first.</summary>
    public IReadOnlyList<CacheItem> List()
    {
        if (!Directory.Exists(Folder))
        {
            return [];
        }

        var items = new List<CacheItem>();
        foreach (var kind in (ReadOnlySpan<CodeKind>)[CodeKind.Module, CodeKind.Component])
        {
            foreach (var file in new DirectoryInfo(Folder).EnumerateFiles("*" + SuffixOf(kind)))
            {
                var digest = file.Name.Split('.')[0];
                if (ContentDigest.IsValid(digest) && file.Exists)
                {
                    items.Add(new CacheItem(digest, kind, file.FullName, file.Length, file.LastWriteTimeUtc));
                }
            }
        }

        items.Sort((left, right) => left.LastUsed.CompareTo(right.LastUsed));
        return items;
    }

    /// <summary>
    /// Removes the longest unused entries until the rest takes at most <paramref name="bytesMax"/> bytes, and what killed
    /// processes and other versions left. A container that has a removed entry mapped keeps it until it ends. A component and
    /// its modules are used together, so they go together, but for modules that others use.
    /// </summary>
    /// <param name="keep">Digest of an entry that stays whatever its size, with its modules; the one just made.</param>
    /// <returns>Bytes freed.</returns>
    public long Clean(long bytesMax, string? keep = null)
    {
        if (IsBaseline)
        {
            throw new InvalidOperationException("a cache and its baseline code are cleaned together");
        }

        HashSet<string> kept = keep is null ? [] : [.. PathsOf(keep), .. Baseline.PathsOf(keep)];
        var freed = RemoveTemporaries() + Baseline.RemoveTemporaries() + RemoveOtherVersions() + RemoveSuperseded();
        RemoveOldClaims();
        var items = List().Concat(Baseline.List()).OrderBy(item => item.LastUsed).ToList();
        var total = items.Sum(item => item.Bytes);
        foreach (var item in items)
        {
            if (total <= bytesMax)
            {
                break;
            }

            if (!kept.Contains(item.Path))
            {
                File.Delete(item.Path);
                total -= item.Bytes;
                freed += item.Bytes;
            }
        }

        CleanIndex();
        return freed;
    }

    // Nobody starts a guest from baseline code where there is better; but a component needs all its modules in one form.
    private long RemoveSuperseded()
    {
        var items = Baseline.List().ToLookup(item => File.Exists(PathOf(item.Digest, item.Kind)));
        var needed = items[false].Where(item => item.Kind == CodeKind.Component).SelectMany(item => Baseline.PathsOf(item.Digest)).ToHashSet(StringComparer.Ordinal);
        long freed = 0;
        foreach (var item in items[true].Where(item => !needed.Contains(item.Path)))
        {
            File.Delete(item.Path);
            freed += item.Bytes;
        }

        return freed;
    }

    private HashSet<string> PathsOf(string digest)
    {
        using var entry = TryOpen(digest);
        return entry is null ? [] : [entry.Path, .. entry.Modules.Select(module => module.Path)];
    }

    private long RemoveTemporaries()
    {
        if (!Directory.Exists(Folder))
        {
            return 0;
        }

        long freed = 0;
        var before = _time.GetUtcNow().UtcDateTime - TemporaryAge;
        foreach (var file in new DirectoryInfo(Folder).EnumerateFiles(TemporaryPrefix + "*"))
        {
            if (file.Exists && file.LastWriteTimeUtc < before)
            {
                freed += file.Length;
                file.Delete();
            }
        }

        return freed;
    }

    // Only folders with a name like ours: the cache may have been put into a folder that holds other things.
    private long RemoveOtherVersions()
    {
        if (!Directory.Exists(Root))
        {
            return 0;
        }

        long freed = 0;
        var before = _time.GetUtcNow().UtcDateTime - OtherVersionAge;
        foreach (var folder in new DirectoryInfo(Root).EnumerateDirectories("wasmtime-*"))
        {
            if (folder.Name.StartsWith(EngineTag + "-", StringComparison.Ordinal))
            {
                continue;
            }

            var files = folder.GetFiles();
            if (files.All(file => file.LastWriteTimeUtc < before) && folder.LastWriteTimeUtc < before)
            {
                freed += files.Sum(file => file.Length);
                folder.Delete(recursive: true);
            }
        }

        return freed;
    }
}

/// <summary>An entry as it lies on the disk.</summary>
public sealed record CacheItem(string Digest, CodeKind Kind, string Path, long Bytes, DateTime LastUsed);
