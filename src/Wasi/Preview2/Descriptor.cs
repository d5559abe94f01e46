using System.Text;
using Skiff.Components.Host;
using Skiff.Linux.Files;
using Skiff.Wasi.Bindings.Filesystem;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Files;
using OpenFlags = Skiff.Wasi.Bindings.Filesystem.OpenFlags;

namespace Skiff.Wasi.Preview2;

/// <summary><c>wasi:filesystem/types.descriptor</c>.</summary>
internal sealed class Descriptor(FileDescriptor file, MetadataHash hash) : IDescriptor, IDisposable
{
    /// <summary>One read hands out no more: it bounds what a guest's number makes the host allocate.</summary>
    private const int ReadBytesMax = 1 << 20;

    private const int LinkBytesMax = 4096;

    private byte[] _buffer = [];

    public Result<IInputStream, ErrorCode> ReadViaStream(ulong offset)
    {
        var error = file.ReadVia(offset, out var stream);
        return error == WasiErrno.Success ? Result<IInputStream, ErrorCode>.Ok(stream!) : FilesystemWords.Of(error);
    }

    public Result<IOutputStream, ErrorCode> WriteViaStream(ulong offset) => WriteVia(offset);

    public Result<IOutputStream, ErrorCode> AppendViaStream() => WriteVia(null);

    public Result<Unit, ErrorCode> Advise(ulong offset, ulong length, Advice advice)
    {
        // Linux counts random before sequential.
        var native = advice switch { Advice.Sequential => 2, Advice.Random => 1, _ => (int)advice };
        return Answer(file.Advise(offset, length, native));
    }

    public Result<Unit, ErrorCode> SyncData() => Answer(file.Synchronize(dataOnly: true));

    public Result<Unit, ErrorCode> Sync() => Answer(file.Synchronize(dataOnly: false));

    public Result<DescriptorFlags, ErrorCode> GetFlags()
    {
        var flags = DescriptorFlags.None;
        flags |= file.CanRead ? DescriptorFlags.Read : DescriptorFlags.None;
        flags |= file.CanWrite ? DescriptorFlags.Write : DescriptorFlags.None;
        flags |= file is { IsDirectory: true, CanMutate: true } ? DescriptorFlags.MutateDirectory : DescriptorFlags.None;
        flags |= (file.Flags & OpenRequest.Synchronous) != 0 ? DescriptorFlags.FileIntegritySync : DescriptorFlags.None;
        flags |= (file.Flags & OpenRequest.DataSynchronous) != 0 ? DescriptorFlags.DataIntegritySync : DescriptorFlags.None;
        return flags;
    }

    public new Result<DescriptorType, ErrorCode> GetType() => FilesystemWords.Of(file.Type);

    public Result<Unit, ErrorCode> SetSize(ulong size) => Answer(file.SetSize(size));

    public Result<Unit, ErrorCode> SetTimes(NewTimestamp dataAccessTimestamp, NewTimestamp dataModificationTimestamp)
    {
        var error = Times(dataAccessTimestamp, dataModificationTimestamp, out var access, out var modification);
        return Answer(error == WasiErrno.Success ? file.SetTimes(access, modification) : error);
    }

    public Result<(ReadOnlyMemory<byte>, bool), ErrorCode> Read(ulong length, ulong offset)
    {
        var wanted = (int)Math.Min(length, ReadBytesMax);
        if (_buffer.Length < wanted)
        {
            _buffer = new byte[wanted];
        }

        var error = file.Read(_buffer.AsSpan(0, wanted), offset, out var count);
        return error == WasiErrno.Success
            ? ((ReadOnlyMemory<byte>)_buffer.AsMemory(0, count), count < wanted)
            : FilesystemWords.Of(error);
    }

    public Result<ulong, ErrorCode> Write(ReadOnlySpan<byte> buffer, ulong offset)
    {
        var error = file.Write(buffer, offset, out var count);
        return error == WasiErrno.Success ? (ulong)count : FilesystemWords.Of(error);
    }

    public Result<IDirectoryEntryStream, ErrorCode> ReadDirectory()
    {
        var error = file.List(out var listing);
        return error == WasiErrno.Success
            ? Result<IDirectoryEntryStream, ErrorCode>.Ok(new DirectoryEntryStream(listing!))
            : FilesystemWords.Of(error);
    }

    public Result<Unit, ErrorCode> CreateDirectoryAt(GuestString path) => Answer(file.CreateDirectoryAt(path.Bytes));

    public Result<DescriptorStat, ErrorCode> Stat()
    {
        var error = file.Stat(out var stat);
        return error == WasiErrno.Success ? FilesystemWords.Of(stat) : FilesystemWords.Of(error);
    }

    public Result<DescriptorStat, ErrorCode> StatAt(PathFlags pathFlags, GuestString path)
    {
        var error = file.StatAt(path.Bytes, Follows(pathFlags), out var stat);
        return error == WasiErrno.Success ? FilesystemWords.Of(stat) : FilesystemWords.Of(error);
    }

    public Result<Unit, ErrorCode> SetTimesAt(
        PathFlags pathFlags, GuestString path, NewTimestamp dataAccessTimestamp, NewTimestamp dataModificationTimestamp)
    {
        var error = Times(dataAccessTimestamp, dataModificationTimestamp, out var access, out var modification);
        return Answer(error == WasiErrno.Success ? file.SetTimesAt(path.Bytes, Follows(pathFlags), access, modification) : error);
    }

    public Result<Unit, ErrorCode> LinkAt(PathFlags oldPathFlags, GuestString oldPath, IDescriptor newDescriptor, GuestString newPath) =>
        Answer(file.LinkAt(oldPath.Bytes, Follows(oldPathFlags), ((Descriptor)newDescriptor).File, newPath.Bytes));

    public Result<IDescriptor, ErrorCode> OpenAt(PathFlags pathFlags, GuestString path, OpenFlags openFlags, DescriptorFlags flags)
    {
        var request = Follows(pathFlags) ? OpenRequest.FollowSymbolicLink : OpenRequest.None;
        request |= (openFlags & OpenFlags.Create) != 0 ? OpenRequest.Create : OpenRequest.None;
        request |= (openFlags & OpenFlags.Directory) != 0 ? OpenRequest.Directory : OpenRequest.None;
        request |= (openFlags & OpenFlags.Exclusive) != 0 ? OpenRequest.Exclusive : OpenRequest.None;
        request |= (openFlags & OpenFlags.Truncate) != 0 ? OpenRequest.Truncate : OpenRequest.None;
        request |= (flags & DescriptorFlags.Read) != 0 ? OpenRequest.Read : OpenRequest.None;
        request |= (flags & DescriptorFlags.Write) != 0 ? OpenRequest.Write : OpenRequest.None;
        request |= (flags & DescriptorFlags.DataIntegritySync) != 0 ? OpenRequest.DataSynchronous : OpenRequest.None;
        request |= (flags & (DescriptorFlags.FileIntegritySync | DescriptorFlags.RequestedWriteSync)) != 0
            ? OpenRequest.Synchronous
            : OpenRequest.None;
        // Mutate-directory is not asked for but inherited: libraries name it when they only want to list.
        var error = file.Open(path.Bytes, request, out var opened);
        return error == WasiErrno.Success ? Result<IDescriptor, ErrorCode>.Ok(new Descriptor(opened!, hash)) : FilesystemWords.Of(error);
    }

    public Result<string, ErrorCode> ReadlinkAt(GuestString path)
    {
        Span<byte> content = stackalloc byte[LinkBytesMax];
        var error = file.ReadSymbolicLinkAt(path.Bytes, content, out var count);
        if (error != WasiErrno.Success)
        {
            return FilesystemWords.Of(error);
        }

        return System.Text.Unicode.Utf8.IsValid(content[..count])
            ? Encoding.UTF8.GetString(content[..count])
            : ErrorCode.IllegalByteSequence;
    }

    public Result<Unit, ErrorCode> RemoveDirectoryAt(GuestString path) => Answer(file.RemoveDirectoryAt(path.Bytes));

    public Result<Unit, ErrorCode> RenameAt(GuestString oldPath, IDescriptor newDescriptor, GuestString newPath) =>
        Answer(file.RenameAt(oldPath.Bytes, ((Descriptor)newDescriptor).File, newPath.Bytes));

    public Result<Unit, ErrorCode> SymlinkAt(GuestString oldPath, GuestString newPath) =>
        Answer(file.CreateSymbolicLinkAt(oldPath.Bytes, newPath.Bytes));

    public Result<Unit, ErrorCode> UnlinkFileAt(GuestString path) => Answer(file.UnlinkFileAt(path.Bytes));

    public bool IsSameObject(IDescriptor other) => file.IsSameObject(((Descriptor)other).File);

    public Result<MetadataHashValue, ErrorCode> MetadataHash()
    {
        var error = file.Stat(out var stat);
        return error == WasiErrno.Success ? FilesystemWords.Of(hash.Of(stat)) : FilesystemWords.Of(error);
    }

    public Result<MetadataHashValue, ErrorCode> MetadataHashAt(PathFlags pathFlags, GuestString path)
    {
        var error = file.StatAt(path.Bytes, Follows(pathFlags), out var stat);
        return error == WasiErrno.Success ? FilesystemWords.Of(hash.Of(stat)) : FilesystemWords.Of(error);
    }

    public void Dispose() => file.Dispose();

    private FileDescriptor File => file;

    private static bool Follows(PathFlags flags) => (flags & PathFlags.SymlinkFollow) != 0;

    private static Result<Unit, ErrorCode> Answer(WasiErrno error) =>
        error == WasiErrno.Success ? default(Unit) : FilesystemWords.Of(error);

    private static WasiErrno Times(NewTimestamp first, NewTimestamp second, out FileTime access, out FileTime modification)
    {
        var error = FilesystemWords.TryTime(first, out access);
        var other = FilesystemWords.TryTime(second, out modification);
        return error == WasiErrno.Success ? other : error;
    }

    private Result<IOutputStream, ErrorCode> WriteVia(ulong? offset)
    {
        var error = file.WriteVia(offset, out var stream);
        return error == WasiErrno.Success ? Result<IOutputStream, ErrorCode>.Ok(stream!) : FilesystemWords.Of(error);
    }
}
