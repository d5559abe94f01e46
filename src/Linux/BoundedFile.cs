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
        var length = ReadUpTo(file, buffer);
        return length <= bytesMax ? buffer[..length] : null;
    }

    /// <summary>Reads until the buffer is full or the file at its end: one read may bring less than there is.</summary>
    /// <returns>How many bytes were read.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static int ReadUpTo(SafeFileHandle file, Span<byte> buffer, long offset = 0)
    {
        var length = 0;
        for (int count; length < buffer.Length && (count = RandomAccess.Read(file, buffer[length..], offset + length)) > 0;)
        {
            length += count;
        }

        return length;
    }
}
