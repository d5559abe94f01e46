using Skiff.Linux.Files;
using Skiff.Wasi.Bindings.Clocks;
using Skiff.Wasi.Bindings.Filesystem;

namespace Skiff.Wasi.Preview2;

/// <summary>Between the words of <c>wasi:filesystem</c> and those of the state.</summary>
internal static class FilesystemWords
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    public static ErrorCode Of(WasiErrno errno) => errno switch
    {
        WasiErrno.Access => ErrorCode.Access,
        WasiErrno.Again => ErrorCode.WouldBlock,
        WasiErrno.Already => ErrorCode.Already,
        WasiErrno.BadDescriptor => ErrorCode.BadDescriptor,
        WasiErrno.Busy => ErrorCode.Busy,
        WasiErrno.Deadlock => ErrorCode.Deadlock,
        // There is no word for too many open files; both say that the guest has had its share.
        WasiErrno.Quota or WasiErrno.TooManyFiles or WasiErrno.TooManyFilesInSystem => ErrorCode.Quota,
        WasiErrno.Exist => ErrorCode.Exist,
        WasiErrno.FileTooBig => ErrorCode.FileTooLarge,
        WasiErrno.IllegalSequence => ErrorCode.IllegalByteSequence,
        WasiErrno.InProgress => ErrorCode.InProgress,
        WasiErrno.Interrupted => ErrorCode.Interrupted,
        WasiErrno.Invalid => ErrorCode.Invalid,
        WasiErrno.IsDirectory => ErrorCode.IsDirectory,
        WasiErrno.Loop => ErrorCode.Loop,
        WasiErrno.TooManyLinks => ErrorCode.TooManyLinks,
        WasiErrno.MessageSize => ErrorCode.MessageSize,
        WasiErrno.NameTooLong => ErrorCode.NameTooLong,
        WasiErrno.NoDevice => ErrorCode.NoDevice,
        WasiErrno.NoEntry => ErrorCode.NoEntry,
        WasiErrno.NoLock => ErrorCode.NoLock,
        WasiErrno.NoMemory => ErrorCode.InsufficientMemory,
        WasiErrno.NoSpace => ErrorCode.InsufficientSpace,
        WasiErrno.NotDirectory => ErrorCode.NotDirectory,
        WasiErrno.NotEmpty => ErrorCode.NotEmpty,
        WasiErrno.NotRecoverable => ErrorCode.NotRecoverable,
        WasiErrno.NotSupported => ErrorCode.Unsupported,
        WasiErrno.NotTerminal => ErrorCode.NoTty,
        WasiErrno.NoSuchDevice => ErrorCode.NoSuchDevice,
        WasiErrno.Overflow => ErrorCode.Overflow,
        WasiErrno.NotPermitted or WasiErrno.NotCapable => ErrorCode.NotPermitted,
        WasiErrno.Pipe => ErrorCode.Pipe,
        WasiErrno.ReadOnly => ErrorCode.ReadOnly,
        WasiErrno.InvalidSeek => ErrorCode.InvalidSeek,
        WasiErrno.TextBusy => ErrorCode.TextFileBusy,
        WasiErrno.CrossDevice => ErrorCode.CrossDevice,
        _ => ErrorCode.Io,
    };

    public static DescriptorType Of(FileType type) => type switch
    {
        FileType.BlockDevice => DescriptorType.BlockDevice,
        FileType.CharacterDevice => DescriptorType.CharacterDevice,
        FileType.Directory => DescriptorType.Directory,
        FileType.Fifo => DescriptorType.Fifo,
        FileType.SymbolicLink => DescriptorType.SymbolicLink,
        FileType.Regular => DescriptorType.RegularFile,
        FileType.Socket => DescriptorType.Socket,
        _ => DescriptorType.Unknown,
    };

    public static DescriptorStat Of(in FileStat stat) => new(
        Of(stat.Type), stat.Links, stat.Size, Time(stat.AccessTime), Time(stat.ModificationTime), Time(stat.ChangeTime));

    public static MetadataHashValue Of((ulong Lower, ulong Upper) hash) => new(hash.Lower, hash.Upper);

    public static WasiErrno TryTime(NewTimestamp timestamp, out FileTime time)
    {
        time = FileTime.Omit;
        switch (timestamp.Case)
        {
            case NewTimestamp.Kind.Now:
                time = FileTime.Now;
                return WasiErrno.Success;
            case NewTimestamp.Kind.Timestamp:
                var given = timestamp.AsTimestamp;
                // The kernel has two numbers beyond for "now" and "leave it", which a guest must not name.
                if (given.Nanoseconds >= NanosecondsPerSecond)
                {
                    return WasiErrno.Invalid;
                }

                time = new FileTime((long)Math.Min(given.Seconds, long.MaxValue), given.Nanoseconds);
                return given.Seconds > long.MaxValue ? WasiErrno.Overflow : WasiErrno.Success;
            default:
                return WasiErrno.Success;
        }
    }

    // A time before 1970 cannot be said; it may be left out.
    private static Datetime? Time(Int128 nanoseconds) => nanoseconds < 0
        ? null
        : new Datetime((ulong)(nanoseconds / NanosecondsPerSecond), (uint)(nanoseconds % NanosecondsPerSecond));
}
