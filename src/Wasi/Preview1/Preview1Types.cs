using Skiff.Linux.Files;
using Skiff.Wasi.Files;

namespace Skiff.Wasi.Preview1;

/// <summary><c>filetype</c>.</summary>
internal enum Filetype : byte
{
    Unknown = 0,
    BlockDevice = 1,
    CharacterDevice = 2,
    Directory = 3,
    RegularFile = 4,
    SocketDgram = 5,
    SocketStream = 6,
    SymbolicLink = 7,
}

/// <summary><c>fdflags</c>.</summary>
[Flags]
internal enum FdFlags : ushort
{
    None = 0,
    Append = 1,
    Dsync = 2,
    Nonblock = 4,
    Rsync = 8,
    Sync = 16,
    All = Append | Dsync | Nonblock | Rsync | Sync,
}

/// <summary><c>oflags</c>.</summary>
[Flags]
internal enum OFlags : ushort
{
    None = 0,
    Creat = 1,
    Directory = 2,
    Excl = 4,
    Trunc = 8,
    All = Creat | Directory | Excl | Trunc,
}

/// <summary><c>fstflags</c>.</summary>
[Flags]
internal enum FstFlags : ushort
{
    None = 0,
    Atim = 1,
    AtimNow = 2,
    Mtim = 4,
    MtimNow = 8,
    All = Atim | AtimNow | Mtim | MtimNow,
}

/// <summary><c>eventtype</c>.</summary>
internal enum EventType : byte
{
    Clock = 0,
    FdRead = 1,
    FdWrite = 2,
}

/// <summary>Between the words of Preview 1 and those of the state.</summary>
internal static class Preview1Words
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    public static Filetype Of(FileType type) => type switch
    {
        FileType.BlockDevice => Filetype.BlockDevice,
        FileType.CharacterDevice => Filetype.CharacterDevice,
        FileType.Directory => Filetype.Directory,
        FileType.Regular => Filetype.RegularFile,
        FileType.SymbolicLink => Filetype.SymbolicLink,
        FileType.Socket => Filetype.SocketStream,
        _ => Filetype.Unknown,
    };

    public static OpenRequest Of(FdFlags flags)
    {
        var request = OpenRequest.None;
        request |= (flags & FdFlags.Append) != 0 ? OpenRequest.Append : OpenRequest.None;
        request |= (flags & FdFlags.Dsync) != 0 ? OpenRequest.DataSynchronous : OpenRequest.None;
        request |= (flags & FdFlags.Nonblock) != 0 ? OpenRequest.NonBlocking : OpenRequest.None;
        // Linux has no reads that wait for the disk; with its writes synchronous there is nothing left to wait for.
        request |= (flags & (FdFlags.Sync | FdFlags.Rsync)) != 0 ? OpenRequest.Synchronous : OpenRequest.None;
        return request;
    }

    public static FdFlags Of(OpenRequest request)
    {
        var flags = FdFlags.None;
        flags |= (request & OpenRequest.Append) != 0 ? FdFlags.Append : FdFlags.None;
        flags |= (request & OpenRequest.DataSynchronous) != 0 ? FdFlags.Dsync : FdFlags.None;
        flags |= (request & OpenRequest.NonBlocking) != 0 ? FdFlags.Nonblock : FdFlags.None;
        flags |= (request & OpenRequest.Synchronous) != 0 ? FdFlags.Sync : FdFlags.None;
        return flags;
    }

    public static OpenRequest Of(OFlags flags)
    {
        var request = OpenRequest.None;
        request |= (flags & OFlags.Creat) != 0 ? OpenRequest.Create : OpenRequest.None;
        request |= (flags & OFlags.Directory) != 0 ? OpenRequest.Directory : OpenRequest.None;
        request |= (flags & OFlags.Excl) != 0 ? OpenRequest.Exclusive : OpenRequest.None;
        request |= (flags & OFlags.Trunc) != 0 ? OpenRequest.Truncate : OpenRequest.None;
        return request;
    }

    /// <summary>The two times that <c>fd_filestat_set_times</c> sets.</summary>
    public static WasiErrno TryTimes(ulong atim, ulong mtim, FstFlags flags, out FileTime access, out FileTime modification)
    {
        access = Time(atim, (flags & FstFlags.Atim) != 0, (flags & FstFlags.AtimNow) != 0);
        modification = Time(mtim, (flags & FstFlags.Mtim) != 0, (flags & FstFlags.MtimNow) != 0);
        const FstFlags BothAccess = FstFlags.Atim | FstFlags.AtimNow;
        const FstFlags BothModification = FstFlags.Mtim | FstFlags.MtimNow;
        return (flags & ~FstFlags.All) != 0 || (flags & BothAccess) == BothAccess || (flags & BothModification) == BothModification
            ? WasiErrno.Invalid
            : WasiErrno.Success;
    }

    private static FileTime Time(ulong nanoseconds, bool isGiven, bool isNow)
    {
        if (isGiven)
        {
            return new FileTime((long)(nanoseconds / NanosecondsPerSecond), (long)(nanoseconds % NanosecondsPerSecond));
        }

        return isNow ? FileTime.Now : FileTime.Omit;
    }
}
