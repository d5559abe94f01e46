using Microsoft.Win32.SafeHandles;
using Skiff.Linux.Files;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Files;

/// <summary>What lies beneath a directory. Paths are the guest's bytes: UTF-8, relative.</summary>
public sealed partial class FileDescriptor
{
    /// <summary>Opens a file or directory beneath this one.</summary>
    public WasiErrno Open(ReadOnlySpan<byte> path, OpenRequest request, out FileDescriptor? opened)
    {
        opened = null;
        var error = CheckOpen(path, ref request, out var orReadOnly);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        if (!_quota.TryTake())
        {
            return WasiErrno.TooManyFiles;
        }

        error = LinuxErrors.OfOpen(DirectoryCalls.OpenBeneath(Handle, path, Native(request), out var handle));
        if (error == WasiErrno.Success)
        {
            error = LinuxErrors.Of(FileCalls.Status(handle!, out var stat));
            if (error == WasiErrno.Success)
            {
                opened = Adopt(handle!, stat.Type, request);
                return WasiErrno.Success;
            }

            handle!.Dispose();
        }

        _quota.Give();
        return error == WasiErrno.NoEntry && orReadOnly ? WasiErrno.ReadOnly : error;
    }

    /// <summary>The status of what a path leads to; of a symbolic link itself when it is not followed.</summary>
    public WasiErrno StatAt(ReadOnlySpan<byte> path, bool follow, out FileStat stat)
    {
        stat = default;
        var error = OpenPlace(path, follow, out var place);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        using (place)
        {
            return LinuxErrors.Of(FileCalls.Status(place!, out stat));
        }
    }

    public WasiErrno SetTimesAt(ReadOnlySpan<byte> path, bool follow, FileTime access, FileTime modification)
    {
        var error = CheckMutation();
        if (error == WasiErrno.Success)
        {
            error = OpenPlace(path, follow, out var place);
            using (place)
            {
                return error == WasiErrno.Success ? LinuxErrors.Of(FileCalls.SetTimesOfPlace(place!, access, modification)) : error;
            }
        }

        return error;
    }

    public WasiErrno CreateDirectoryAt(ReadOnlySpan<byte> path)
    {
        var error = OpenParent(path, mutates: true, out var parent, out var split);
        using (parent)
        {
            return error == WasiErrno.Success ? LinuxErrors.Of(DirectoryCalls.CreateDirectory(Of(parent), split.Name)) : error;
        }
    }

    public WasiErrno RemoveDirectoryAt(ReadOnlySpan<byte> path)
    {
        var error = OpenParent(path, mutates: true, out var parent, out var split);
        using (parent)
        {
            return error == WasiErrno.Success ? LinuxErrors.Of(DirectoryCalls.Remove(Of(parent), split.Name, directory: true)) : error;
        }
    }

    public WasiErrno UnlinkFileAt(ReadOnlySpan<byte> path)
    {
        var error = OpenParent(path, mutates: true, out var parent, out var split);
        using (parent)
        {
            return error == WasiErrno.Success ? LinuxErrors.Of(DirectoryCalls.Remove(Of(parent), split.Name, directory: false)) : error;
        }
    }

    public WasiErrno RenameAt(ReadOnlySpan<byte> from, FileDescriptor toDirectory, ReadOnlySpan<byte> to)
    {
        var error = OpenParent(from, mutates: true, out var source, out var sourceSplit);
        using (source)
        {
            if (error != WasiErrno.Success)
            {
                return error;
            }

            error = toDirectory.OpenParent(to, mutates: true, out var target, out var targetSplit);
            using (target)
            {
                return error == WasiErrno.Success
                    ? LinuxErrors.Of(DirectoryCalls.Rename(Of(source), sourceSplit.Name, toDirectory.Of(target), targetSplit.Name))
                    : error;
            }
        }
    }

    /// <summary>A hard link. A symbolic link is linked itself: following it is refused, as all hosts do.</summary>
    public WasiErrno LinkAt(ReadOnlySpan<byte> from, bool follow, FileDescriptor toDirectory, ReadOnlySpan<byte> to)
    {
        if (follow)
        {
            return WasiErrno.Invalid;
        }

        var error = OpenParent(from, mutates: true, out var source, out var sourceSplit);
        using (source)
        {
            if (error != WasiErrno.Success)
            {
                return error;
            }

            if (sourceSplit.EndsWithSlash)
            {
                // linkat(2) would follow a symbolic link with a slash behind, wherever it leads; and directories have no hard links.
                error = StatAt(from, follow: true, out var stat);
                return error == WasiErrno.Success && stat.Type != FileType.Directory ? WasiErrno.NotDirectory : Or(error, WasiErrno.NotPermitted);
            }

            error = toDirectory.OpenParent(to, mutates: true, out var target, out var targetSplit);
            using (target)
            {
                return error == WasiErrno.Success
                    ? LinuxErrors.Of(DirectoryCalls.Link(Of(source), sourceSplit.Name, toDirectory.Of(target), targetSplit.Name))
                    : error;
            }
        }
    }

    /// <summary>A symbolic link; its content may lead anywhere inside, and must not be absolute.</summary>
    public WasiErrno CreateSymbolicLinkAt(ReadOnlySpan<byte> content, ReadOnlySpan<byte> path)
    {
        var error = GuestPath.Check(content);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        error = OpenParent(path, mutates: true, out var parent, out var split);
        using (parent)
        {
            return error == WasiErrno.Success ? LinuxErrors.Of(DirectoryCalls.CreateSymbolicLink(content, Of(parent), split.Name)) : error;
        }
    }

    /// <summary>The content of a symbolic link, cut off at the buffer's end. An absolute one would tell of the host: not permitted.</summary>
    public WasiErrno ReadSymbolicLinkAt(ReadOnlySpan<byte> path, Span<byte> buffer, out int count)
    {
        count = 0;
        var error = OpenParent(path, mutates: false, out var parent, out var split);
        using (parent)
        {
            if (error != WasiErrno.Success)
            {
                return error;
            }

            if (split.EndsWithSlash)
            {
                // readlinkat(2) would follow it, wherever it leads.
                return Or(StatAt(path, follow: true, out _), WasiErrno.Invalid);
            }

            Span<byte> content = stackalloc byte[ContentBytesMax];
            var answer = DirectoryCalls.ReadSymbolicLink(Of(parent), split.Name, content);
            if (answer < 0)
            {
                return LinuxErrors.Of(answer);
            }

            if (content[0] == (byte)'/')
            {
                return WasiErrno.NotPermitted;
            }

            count = Math.Min(answer, buffer.Length);
            content[..count].CopyTo(buffer);
            return WasiErrno.Success;
        }
    }

    /// <summary>A listing of this directory from its start, with a position of its own.</summary>
    public WasiErrno List(out DirectoryListing? listing)
    {
        listing = null;
        if (!IsDirectory)
        {
            return WasiErrno.NotDirectory;
        }

        if (!_quota.TryTake())
        {
            return WasiErrno.TooManyFiles;
        }

        var answer = DirectoryCalls.OpenBeneath(Handle, "."u8, OpenFlags.Read | OpenFlags.Directory, out var handle);
        if (answer < 0)
        {
            _quota.Give();
            return LinuxErrors.OfOpen(answer);
        }

        listing = new DirectoryListing(handle!, _quota);
        return WasiErrno.Success;
    }

    /// <summary>Where <see cref="ReadEntries"/> goes on: 0, or a position that an entry named.</summary>
    public WasiErrno SeekEntries(ulong position) =>
        position > long.MaxValue ? WasiErrno.Invalid : LinuxErrors.Of(FileCalls.Seek(Handle, (long)position, 0));

    /// <summary>Raw entries from the descriptor's own position on, <c>.</c> and <c>..</c> with them; none at the end.</summary>
    public WasiErrno ReadEntries(Span<byte> buffer, out int count) => Counted(DirectoryCalls.ReadEntries(Handle, buffer), out count);

    /// <summary>The type of an entry, asked for where the file system does not tell.</summary>
    public FileType TypeOf(in DirectoryEntry entry) =>
        entry.Type == FileType.Unknown && FileCalls.StatusAt(Handle, entry.Name, follow: false, out var stat) == 0 ? stat.Type : entry.Type;

    /// <summary>Whether both are the same file.</summary>
    public bool IsSameObject(FileDescriptor other) =>
        Stat(out var mine) == WasiErrno.Success
        && other.Stat(out var theirs) == WasiErrno.Success
        && (mine.Device, mine.Inode) == (theirs.Device, theirs.Inode);

    private const int ContentBytesMax = 4096;

    private static WasiErrno Or(WasiErrno error, WasiErrno instead) => error == WasiErrno.Success ? instead : error;

    private static OpenFlags Native(OpenRequest request)
    {
        // Non-blocking always: the open of a FIFO, and what is read of it, must not hold the host up.
        var flags = OpenFlags.NonBlocking;
        flags |= (request & (OpenRequest.Read | OpenRequest.Write)) == OpenRequest.Write ? OpenFlags.Write : OpenFlags.Read;
        flags |= (request & OpenRequest.Write) != 0 ? OpenFlags.Write : OpenFlags.None;
        flags |= (request & OpenRequest.Create) != 0 ? OpenFlags.Create : OpenFlags.None;
        flags |= (request & OpenRequest.Exclusive) != 0 ? OpenFlags.Exclusive : OpenFlags.None;
        flags |= (request & OpenRequest.Truncate) != 0 ? OpenFlags.Truncate : OpenFlags.None;
        flags |= (request & OpenRequest.Directory) != 0 ? OpenFlags.Directory : OpenFlags.None;
        flags |= (request & OpenRequest.FollowSymbolicLink) == 0 ? OpenFlags.NoFollow : OpenFlags.None;
        flags |= (request & OpenRequest.Append) != 0 ? OpenFlags.Append : OpenFlags.None;
        flags |= (request & OpenRequest.Synchronous) != 0 ? OpenFlags.Synchronous : OpenFlags.None;
        flags |= (request & OpenRequest.DataSynchronous) != 0 ? OpenFlags.DataSynchronous : OpenFlags.None;
        return flags;
    }

    private WasiErrno CheckOpen(ReadOnlySpan<byte> path, ref OpenRequest request, out bool orReadOnly)
    {
        const OpenRequest MakesFile = OpenRequest.Create | OpenRequest.Exclusive | OpenRequest.Truncate;
        orReadOnly = false;
        if (!IsDirectory)
        {
            return WasiErrno.NotDirectory;
        }

        if ((request & OpenRequest.Directory) != 0 && (request & MakesFile) != 0)
        {
            return WasiErrno.Invalid;
        }

        if (!CanMutate)
        {
            if ((request & (OpenRequest.Write | OpenRequest.Truncate)) != 0)
            {
                return WasiErrno.ReadOnly;
            }

            // A file that is there may be opened, even so; one that is not cannot be made.
            orReadOnly = (request & OpenRequest.Create) != 0;
            request &= ~OpenRequest.Create;
        }

        return GuestPath.Check(path);
    }

    private FileDescriptor Adopt(SafeFileHandle handle, FileType type, OpenRequest request)
    {
        const OpenRequest Kept = OpenRequest.Append | OpenRequest.DataSynchronous | OpenRequest.Synchronous | OpenRequest.NonBlocking;
        var access = Access & FileAccess.Mutate;
        access |= (request & OpenRequest.Read) != 0 ? FileAccess.Read : FileAccess.None;
        access |= (request & OpenRequest.Write) != 0 ? FileAccess.Write : FileAccess.None;
        // A FIFO without a writer yet reads as ended; asking first makes a reader wait for one, as a blocking open would.
        var shared = new SharedDescriptor(handle, isNonBlocking: type != FileType.Fifo);
        return new FileDescriptor(shared, type, access, _readiness, _quota) { Flags = request & Kept };
    }

    private WasiErrno CheckMutation()
    {
        if (!IsDirectory)
        {
            return WasiErrno.NotDirectory;
        }

        // As Preview 2 has it (filesystem, descriptor-flags, mutate-directory), and as a read-only mount says.
        return CanMutate ? WasiErrno.Success : WasiErrno.ReadOnly;
    }

    private WasiErrno OpenPlace(ReadOnlySpan<byte> path, bool follow, out SafeFileHandle? place)
    {
        place = null;
        if (!IsDirectory)
        {
            return WasiErrno.NotDirectory;
        }

        var error = GuestPath.Check(path);
        return error != WasiErrno.Success
            ? error
            : LinuxErrors.OfOpen(DirectoryCalls.OpenBeneath(Handle, path, OpenFlags.PathOnly | (follow ? OpenFlags.None : OpenFlags.NoFollow), out place));
    }

    /// <summary>The directory that holds a path's last component. Null stands for this one: see <see cref="Of"/>.</summary>
    private WasiErrno OpenParent(ReadOnlySpan<byte> path, bool mutates, out SafeFileHandle? parent, out GuestPath split)
    {
        parent = null;
        split = default;
        if (!IsDirectory)
        {
            return WasiErrno.NotDirectory;
        }

        var error = GuestPath.TrySplit(path, out split);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        if (split.IsDotDot)
        {
            // The calls that follow take one component as it is, and this one might lead out.
            error = OpenPlace(path, follow: true, out var place);
            place?.Dispose();
            if (error != WasiErrno.Success)
            {
                return error;
            }
        }

        if (!split.Parent.IsEmpty)
        {
            error = LinuxErrors.OfOpen(DirectoryCalls.OpenBeneath(Handle, split.Parent, OpenFlags.PathOnly | OpenFlags.Directory, out parent));
        }

        return error == WasiErrno.Success && mutates && !CanMutate ? WasiErrno.ReadOnly : error;
    }

    private System.Runtime.InteropServices.SafeHandle Of(SafeFileHandle? parent) => parent ?? Handle;
}
