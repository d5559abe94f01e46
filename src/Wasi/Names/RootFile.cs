using Microsoft.Win32.SafeHandles;
using Skiff.Linux;

namespace Skiff.Wasi.Names;

/// <summary>A short file below a guest's root, read again when it has changed.</summary>
/// <param name="absent">Stands for a file that is not there.</param>
/// <param name="parse">May throw <see cref="InvalidDataException"/> with a text that follows the file's name.</param>
internal sealed class RootFile<T>(
    RootDirectory? root, string path, int bytesMax, T absent, Func<ReadOnlySpan<byte>, T> parse, TimeProvider time)
    where T : class
{
    private readonly Lock _gate = new();
    private (FileIdentity Identity, T Value)? _kept;

    /// <exception cref="IOException">It cannot be read; the message names it.</exception>
    /// <exception cref="InvalidDataException">It is too long, or as the parser says.</exception>
    public T Read()
    {
        using var file = root?.TryOpenFile(path);
        if (file is null)
        {
            return absent;
        }

        // Before the content: what changes it later changes this, too.
        var identity = FileIdentity.Of(file);
        lock (_gate)
        {
            if (_kept is { } kept && kept.Identity == identity)
            {
                return kept.Value;
            }
        }

        var value = Parse(file);
        lock (_gate)
        {
            _kept = identity.IsSettled(time) ? (identity, value) : null;
        }

        return value;
    }

    private T Parse(SafeFileHandle file)
    {
        var content = BoundedFile.Read(file, bytesMax) ?? throw new InvalidDataException($"{path} of the guest is longer than {bytesMax} bytes");
        try
        {
            return parse(content);
        }
        catch (InvalidDataException fault)
        {
            throw new InvalidDataException($"{path} of the guest {fault.Message}", fault);
        }
    }
}
