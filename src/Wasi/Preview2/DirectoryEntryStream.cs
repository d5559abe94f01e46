using System.Text;
using System.Text.Unicode;
using Skiff.Components.Host;
using Skiff.Wasi.Bindings.Filesystem;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Files;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Preview2;

/// <summary><c>wasi:filesystem/types.directory-entry-stream</c>.</summary>
internal sealed class DirectoryEntryStream(DirectoryListing listing) : IDirectoryEntryStream, IDisposable
{
    public Result<DirectoryEntry?, ErrorCode> ReadDirectoryEntry()
    {
        var error = listing.Next(out var type, out var name);
        if (error != WasiErrno.Success)
        {
            return FilesystemWords.Of(error);
        }

        if (name.IsEmpty)
        {
            return (DirectoryEntry?)null;
        }

        // Linux's names are bytes, WASI's are text. The next entry can be read all the same.
        return Utf8.IsValid(name)
            ? (DirectoryEntry?)new DirectoryEntry(FilesystemWords.Of(type), Encoding.UTF8.GetString(name))
            : ErrorCode.IllegalByteSequence;
    }

    public void Dispose() => listing.Dispose();
}

/// <summary><c>wasi:filesystem/types.filesystem-error-code</c>.</summary>
internal sealed class FilesystemErrors : ITypes
{
    /// <summary>Only of errors that are the file system's: another room's have a type of their own.</summary>
    public ErrorCode? FilesystemErrorCode(IError err) =>
        err.GetType() == typeof(IoError) ? FilesystemWords.Of(((IoError)err).Errno) : null;
}

/// <summary><c>wasi:filesystem/preopens</c>.</summary>
internal sealed class Preopens(Filesystem files) : IPreopens
{
    public IReadOnlyList<(IDescriptor, string)> GetDirectories()
    {
        var directories = new List<(IDescriptor, string)>(files.Directories.Count);
        foreach (var directory in files.Directories)
        {
            if (directory.Open(out var opened) == WasiErrno.Success)
            {
                directories.Add((new Descriptor(opened!, files.Hash), directory.Grant.GuestPath));
            }
        }

        return directories;
    }
}
