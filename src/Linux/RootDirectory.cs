using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// A directory that is the root of the paths opened through it: openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS.
/// The kernel resolves symlinks and <c>..</c> inside it, so a hostile image cannot lead out.
/// </summary>
public sealed class RootDirectory : IDisposable
{
    public RootDirectory(string path) => throw new NotImplementedException();

    /// <summary>Opens a regular file for reading; null when it is missing, not a regular file, or a dangling or looping link.</summary>
    public SafeFileHandle? TryOpenFile(string path) => throw new NotImplementedException();

    /// <summary>The mode bits of what <paramref name="path"/> leads to, or null when there is nothing.</summary>
    public int? TryGetMode(string path) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
