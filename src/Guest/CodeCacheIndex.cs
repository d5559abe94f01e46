namespace Skiff.Guest;

/// <summary>
/// Which content the files have that were hashed before. An entry is a symbolic link: its name tells a file from all others and from
/// what it was before a change, its target is the digest. Made and read by one system call, so there whole or not at all.
/// </summary>
public sealed partial class CodeCache
{
    /// <summary>Entries that cleaning leaves, the newest: a file of an image that is still in use is soon hashed again.</summary>
    public const int IndexEntriesMax = 10_000;

    private const string IndexPrefix = "file-";

    /// <summary>The digest of a file that was remembered; null if it was not.</summary>
    /// <param name="identity">
    /// Letters, digits and dashes that name this file with this content and no other, ever. The caller answers for that: code is run
    /// by this digest.
    /// </param>
    /// <exception cref="IOException">The cache can be written by somebody else.</exception>
    public string? TryRecall(string identity)
    {
        if (new FileInfo(IndexPath(identity)).LinkTarget is not { } digest || !ContentDigest.IsValid(digest))
        {
            return null;
        }

        RequireClosed(Folder);
        RequireClosed(Root);
        return digest;
    }

    /// <summary>Remembers what a file's content is. Where the disk is full or read-only, it is hashed again the next time.</summary>
    public void Remember(string identity, string digest)
    {
        RequireDigest(digest);
        var path = IndexPath(identity);
        try
        {
            CreateFolders();
            File.CreateSymbolicLink(path, digest);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Or another container of the same image came first.
        }
    }

    // What has no code in this cache has to be read again anyway, to be compiled.
    private void CleanIndex()
    {
        if (!Directory.Exists(Folder))
        {
            return;
        }

        var entries = new DirectoryInfo(Folder).GetFiles(IndexPrefix + "*");
        var known = List().Concat(Baseline.List()).Select(item => item.Digest).ToHashSet(StringComparer.Ordinal);
        var kept = entries.Where(entry => entry.LinkTarget is { } digest && known.Contains(digest))
            .OrderByDescending(entry => entry.LastWriteTimeUtc).Take(IndexEntriesMax).Select(entry => entry.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var entry in entries.Where(entry => !kept.Contains(entry.Name)))
        {
            entry.Delete();
        }
    }

    private string IndexPath(string identity) => identity.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-')
        ? Path.Combine(Folder, IndexPrefix + identity)
        : throw new ArgumentException($"'{identity}' cannot be the name of a file in the cache", nameof(identity));
}
