using Microsoft.Win32.SafeHandles;

namespace Skiff.Guest;

/// <summary>
/// The node's folder of compiled code: where an entry lies and how it is found. Both wings know it: the control wing looks
/// up, the run wing's compile helper fills. Content-addressed: digest of the module, below a folder for engine version,
/// engine settings and CPU. Files are 0444 in folders that only root can enter: a guest gets a descriptor, never the path.
/// </summary>
public sealed class CodeCache(string root)
{
    public string Root { get; } = root;

    /// <summary>Opens the compiled form of the module with this digest and marks it as used; null if there is none.</summary>
    /// <param name="digest">SHA-256 of the module as the image holds it (binary or text), 64 lowercase hex digits.</param>
    public CacheEntry? TryOpen(string digest) => throw new NotImplementedException();
}

/// <summary>An open entry of the <see cref="CodeCache"/>. The caller disposes the handle.</summary>
public sealed record CacheEntry(SafeFileHandle Handle, string Path, CodeKind Kind);
