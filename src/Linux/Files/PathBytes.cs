namespace Skiff.Linux.Files;

/// <summary>Paths as the kernel takes them: bytes with a zero behind.</summary>
internal static class PathBytes
{
    /// <summary>PATH_MAX, the zero included.</summary>
    public const int Max = 4096;

    /// <summary>Copies a path into <see cref="Max"/> bytes; false when it is too long. The caller has refused zeros in it.</summary>
    public static unsafe bool TryTerminate(ReadOnlySpan<byte> path, byte* target)
    {
        if (path.Length >= Max)
        {
            return false;
        }

        path.CopyTo(new Span<byte>(target, Max));
        target[path.Length] = 0;
        return true;
    }
}
