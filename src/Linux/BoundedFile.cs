using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>Files of guests and images that must not be longer than they have reason to be.</summary>
public static class BoundedFile
{
    /// <summary>The whole file; null when it has more than <paramref name="bytesMax"/> bytes, whatever length it pretends to have.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static byte[]? Read(SafeFileHandle file, int bytesMax)
    {
        var buffer = new byte[Math.Min(RandomAccess.GetLength(file), bytesMax) + 1];
        var length = 0;
        for (int count; length < buffer.Length && (count = RandomAccess.Read(file, buffer.AsSpan(length), length)) > 0;)
        {
            length += count;
        }

        return length <= bytesMax ? buffer[..length] : null;
    }
}
