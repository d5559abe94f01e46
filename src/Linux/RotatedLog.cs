using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// A log file of bounded size: when it has grown too large it begins anew, with the old one kept beside it as <c>PATH.old</c>.
/// Several processes may append to one.
/// </summary>
/// <param name="bytesMax">Above it a new file is begun; together with the old one, twice as much is kept.</param>
public sealed class RotatedLog(string path, long bytesMax) : IDisposable
{
    private readonly Lock _gate = new();
    private SafeFileHandle? _file;
    private long _written;

    /// <summary>Opens it to append to, for a process that knows no bound: it is kept when the file is opened next.</summary>
    /// <exception cref="LinuxException">The file or its folder cannot be made.</exception>
    /// <exception cref="IOException">The old file cannot be put aside.</exception>
    public static SafeFileHandle Open(string path, long bytesMax)
    {
        var file = new FileInfo(path);
        if (file.Exists && file.Length > bytesMax)
        {
            File.Move(path, path + ".old", overwrite: true);
        }

        return Descriptors.OpenAppend(path);
    }

    /// <summary>Appends a line. It is dropped when it cannot be written (a full disk, say): a log must hold up nobody.</summary>
    public void Write(ReadOnlySpan<byte> line)
    {
        lock (_gate)
        {
            try
            {
                if (_file is null || _written > bytesMax)
                {
                    _file?.Dispose();
                    _file = null;
                    _file = Open(path, bytesMax);
                    _written = RandomAccess.GetLength(_file);
                }

                StreamIO.Write(_file, line);
                _written += line.Length;
            }
            catch (Exception fault) when (fault is LinuxException or IOException or UnauthorizedAccessException)
            {
                // Tried again with the next line.
            }
        }
    }

    public void Dispose() => _file?.Dispose();
}
