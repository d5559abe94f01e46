using System.Globalization;
using Skiff.Guest;

namespace Skiff.Cli;

/// <summary>A file read whole, of a size that somebody has bounded.</summary>
internal sealed record LoadedFile(string Path, byte[] Content)
{
    private const int ChunkBytes = 256 * 1024;

    public static LoadedFile Read(string path, long bytesMax)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        return new LoadedFile(path, Read(path, file, bytesMax));
    }

    /// <summary>Reads a stream to its end.</summary>
    /// <exception cref="GuestException">It is longer than <paramref name="bytesMax"/>.</exception>
    public static byte[] Read(string name, Stream stream, long bytesMax)
    {
        // One more than a file's length, so that its end is seen without growing.
        var content = new byte[stream.CanSeek && stream.Length < bytesMax ? stream.Length + 1 : ChunkBytes];
        var length = 0;
        while (stream.Read(content, length, content.Length - length) is var count and > 0)
        {
            length += count;
            if (length > bytesMax)
            {
                throw new GuestException(string.Create(CultureInfo.InvariantCulture, $"{name} is larger than {bytesMax} bytes, the most that is compiled"));
            }

            if (length == content.Length)
            {
                Array.Resize(ref content, checked(2 * content.Length));
            }
        }

        return content.Length == length ? content : content[..length];
    }
}
