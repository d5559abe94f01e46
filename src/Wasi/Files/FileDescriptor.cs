using Skiff.Linux.Files;
using Skiff.Wasi.Quotas;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Files;

/// <summary>
/// An open file or directory of a guest. Answers WASI's error numbers; the adapters of the versions lie over it. What is
/// below a read-only grant stays so: every descriptor that is opened through this one inherits it.
/// </summary>
public sealed partial class FileDescriptor : IDisposable
{
    private readonly SharedDescriptor _shared;
    private readonly ReadinessLoop _readiness;
    private readonly QuotaShare _quota;
    private bool _disposed;

    /// <summary>Takes the handle over, and the place in the quota.</summary>
    internal FileDescriptor(SharedDescriptor shared, FileType type, FileAccess access, ReadinessLoop readiness, QuotaShare quota)
    {
        _shared = shared;
        _readiness = readiness;
        _quota = quota;
        Type = type;
        Access = access;
    }

    public FileType Type { get; }

    public bool IsDirectory => Type == FileType.Directory;

    /// <summary>Whether bytes come and go where they stand, and reading may have to wait: a FIFO, device or socket.</summary>
    public bool IsStream => Type is not (FileType.Regular or FileType.Directory or FileType.BlockDevice);

    public bool CanRead => (Access & FileAccess.Read) != 0;

    public bool CanWrite => (Access & FileAccess.Write) != 0;

    /// <summary>Whether the grant lets anything be changed here, by this descriptor or one below it.</summary>
    public bool CanMutate => (Access & FileAccess.Mutate) != 0;

    /// <summary>Flags of the open that stay with the descriptor: append, synchronous, non-blocking.</summary>
    public OpenRequest Flags { get; private set; }

    internal FileAccess Access { get; }

    private System.Runtime.InteropServices.SafeHandle Handle => _shared.Handle;

    /// <summary>Opens a directory of the host: the root of a grant.</summary>
    /// <exception cref="Linux.LinuxException">It cannot be opened; the message names it.</exception>
    public static FileDescriptor OpenRoot(string path, bool readOnly, ReadinessLoop readiness, QuotaShare quota)
    {
        var access = FileAccess.Read | (readOnly ? FileAccess.None : FileAccess.Mutate);
        return new FileDescriptor(new SharedDescriptor(DirectoryCalls.OpenRoot(path), true), FileType.Directory, access, readiness, quota);
    }

    /// <summary>Reads where the descriptor stands. 0 bytes: the end. <see cref="WasiErrno.Again"/>: wait by <see cref="WaitAsync"/>.</summary>
    public WasiErrno Read(Span<byte> buffer, out int count) => Read(buffer, null, out count);

    /// <summary>Reads at an offset; a stream has none.</summary>
    public WasiErrno Read(Span<byte> buffer, ulong? offset, out int count)
    {
        count = 0;
        if (IsDirectory)
        {
            return WasiErrno.IsDirectory;
        }

        if (!CanRead)
        {
            return WasiErrno.BadDescriptor;
        }

        if (offset is { } at)
        {
            return Counted(FileCalls.ReadAt(Handle, buffer, at), out count);
        }

        return IsStream && !_shared.IsNonBlocking && !IsReady(Readiness.Readable)
            ? WasiErrno.Again
            : Counted(FileCalls.Read(Handle, buffer), out count);
    }

    public WasiErrno Write(ReadOnlySpan<byte> bytes, out int count) => Write(bytes, null, out count);

    /// <summary>Writes at an offset, perhaps less than all; a stream has none.</summary>
    public WasiErrno Write(ReadOnlySpan<byte> bytes, ulong? offset, out int count)
    {
        count = 0;
        var error = CheckWrite();
        if (error != WasiErrno.Success)
        {
            return error;
        }

        return Counted(offset is { } at ? FileCalls.WriteAt(Handle, bytes, at) : FileCalls.Write(Handle, bytes), out count);
    }

    /// <summary>Writes at the end of the file.</summary>
    public WasiErrno Append(ReadOnlySpan<byte> bytes, out int count)
    {
        count = 0;
        var error = CheckWrite();
        return error != WasiErrno.Success ? error : Counted(FileCalls.Append(Handle, bytes), out count);
    }

    /// <summary>Whether reading or writing can go on without waiting. A regular file's always can.</summary>
    public bool IsReady(Readiness wanted) => !IsStream || _disposed || ReadinessLoop.Now(Handle, wanted) != Readiness.None;

    public ValueTask WaitAsync(Readiness wanted, CancellationToken cancellation) =>
        IsStream && !_disposed ? _readiness.WaitAsync(Handle, wanted, cancellation) : ValueTask.CompletedTask;

    /// <summary>Moves the position: 0 from the start, 1 from where it stands, 2 from the end.</summary>
    public WasiErrno Seek(long offset, int whence, out ulong position)
    {
        position = 0;
        if (IsDirectory)
        {
            return WasiErrno.BadDescriptor;
        }

        var result = FileCalls.Seek(Handle, offset, whence);
        position = result < 0 ? 0 : (ulong)result;
        return LinuxErrors.Of(result);
    }

    public WasiErrno Stat(out FileStat stat) => LinuxErrors.Of(FileCalls.Status(Handle, out stat));

    public WasiErrno SetSize(ulong size)
    {
        if (IsDirectory)
        {
            return WasiErrno.IsDirectory;
        }

        return CanMutate ? LinuxErrors.Of(FileCalls.SetSize(Handle, size)) : WasiErrno.ReadOnly;
    }

    public WasiErrno Allocate(ulong offset, ulong length)
    {
        if (IsDirectory)
        {
            return WasiErrno.BadDescriptor;
        }

        return CanMutate ? LinuxErrors.Of(FileCalls.Allocate(Handle, offset, length)) : WasiErrno.ReadOnly;
    }

    public WasiErrno SetTimes(FileTime access, FileTime modification) =>
        CanMutate ? LinuxErrors.Of(FileCalls.SetTimes(Handle, access, modification)) : WasiErrno.ReadOnly;

    /// <summary>Advice as posix_fadvise(2) numbers it, 0 to 5.</summary>
    public WasiErrno Advise(ulong offset, ulong length, int advice)
    {
        if (IsDirectory)
        {
            return WasiErrno.BadDescriptor;
        }

        return LinuxErrors.Of(FileCalls.Advise(Handle, offset, length, advice));
    }

    /// <summary>To the disk. What is open for reading only has nothing to bring there, and a stream nowhere to bring it.</summary>
    public WasiErrno Synchronize(bool dataOnly)
    {
        if (IsStream)
        {
            return WasiErrno.Success;
        }

        return LinuxErrors.Of(dataOnly ? FileCalls.SynchronizeData(Handle) : FileCalls.Synchronize(Handle));
    }

    /// <summary>Changes append and non-blocking; the synchronous flags cannot be changed (fcntl(2), F_SETFL).</summary>
    public WasiErrno SetFlags(OpenRequest flags)
    {
        const OpenRequest Changeable = OpenRequest.Append | OpenRequest.NonBlocking;
        if ((flags & ~Changeable) != (Flags & ~Changeable))
        {
            return WasiErrno.NotSupported;
        }

        var error = LinuxErrors.Of(FileCalls.SetFlags(Handle, (flags & OpenRequest.Append) != 0, nonBlocking: true));
        if (error == WasiErrno.Success)
        {
            Flags = flags;
        }

        return error;
    }

    /// <summary>A stream that begins at <paramref name="offset"/>, or where a FIFO or device stands.</summary>
    public WasiErrno ReadVia(ulong offset, out InputStream? stream)
    {
        stream = null;
        if (IsDirectory)
        {
            return WasiErrno.IsDirectory;
        }

        if (!CanRead)
        {
            return WasiErrno.BadDescriptor;
        }

        stream = IsStream
            ? new DescriptorInputStream(_shared.Hold(), _readiness)
            : new FileInputStream(_shared.Hold(), offset);
        return WasiErrno.Success;
    }

    /// <summary>A stream that writes from <paramref name="offset"/> on; null: always at the end.</summary>
    public WasiErrno WriteVia(ulong? offset, out OutputStream? stream)
    {
        stream = null;
        var error = CheckWrite();
        if (error != WasiErrno.Success)
        {
            return error;
        }

        stream = IsStream
            ? new DescriptorOutputStream(_shared.Hold(), _readiness)
            : new FileOutputStream(_shared.Hold(), offset);
        return WasiErrno.Success;
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _shared.Release();
            _quota.Give();
        }
    }

    private static WasiErrno Counted(int answer, out int count)
    {
        count = Math.Max(answer, 0);
        return LinuxErrors.Of(answer);
    }

    private WasiErrno CheckWrite()
    {
        if (IsDirectory)
        {
            return WasiErrno.IsDirectory;
        }

        return CanWrite ? WasiErrno.Success : WasiErrno.BadDescriptor;
    }
}

/// <summary>What a descriptor may be used for.</summary>
[Flags]
internal enum FileAccess
{
    None = 0,
    Read = 1,
    Write = 2,

    /// <summary>The grant above it is not read-only.</summary>
    Mutate = 4,
}
