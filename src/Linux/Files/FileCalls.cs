using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux.Files;

/// <summary>
/// System calls on an open file for hosts of guests: a failure is an everyday answer to a guest, not an exception. Each
/// returns a count or 0, or the negative error number, as the kernel does.
/// </summary>
public static partial class FileCalls
{
    /// <summary>utimensat(2): leave this time as it is.</summary>
    public const long TimeOmit = (1L << 30) - 2;

    /// <summary>utimensat(2): the current time.</summary>
    public const long TimeNow = (1L << 30) - 1;

    private const int RWF_APPEND = 0x10;
    private const int FALLOC_FL_DEFAULT = 0;
    private const int StatxSize = 256;
    private const uint STATX_BASIC_STATS = 0x7FF;
    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const int AT_NO_AUTOMOUNT = 0x800;
    private const int NanosecondsOfSecond = 1_000_000_000;

    /// <summary>Reads where the descriptor stands.</summary>
    public static unsafe int Read(SafeHandle file, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            return Repeat(file, start, buffer.Length, &Libc.read);
        }
    }

    /// <summary>Reads at <paramref name="offset"/>, leaving the descriptor's position alone.</summary>
    public static unsafe int ReadAt(SafeHandle file, Span<byte> buffer, ulong offset)
    {
        fixed (byte* start = buffer)
        {
            return RepeatAt(file, start, buffer.Length, offset, &pread64);
        }
    }

    /// <summary>Writes where the descriptor stands; perhaps less than all.</summary>
    public static unsafe int Write(SafeHandle file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return Repeat(file, start, bytes.Length, &Libc.write);
        }
    }

    /// <summary>Writes at <paramref name="offset"/>. Only on a descriptor without O_APPEND: with it Linux appends all the same.</summary>
    public static unsafe int WriteAt(SafeHandle file, ReadOnlySpan<byte> bytes, ulong offset)
    {
        fixed (byte* start = bytes)
        {
            return RepeatAt(file, start, bytes.Length, offset, &pwrite64);
        }
    }

    /// <summary>Writes at the end, whatever the descriptor's flags.</summary>
    public static unsafe int Append(SafeHandle file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            var vector = new IoVector { Base = start, Length = (nuint)bytes.Length };
            nint count;
            do
            {
                count = pwritev2(file, &vector, 1, 0, RWF_APPEND);
            }
            while (Interrupted(count));
            return Answer(count);
        }
    }

    /// <summary>lseek(2): 0 from the start, 1 from where it stands, 2 from the end. The new position, or the negative error.</summary>
    public static long Seek(SafeHandle file, long offset, int whence)
    {
        var position = Libc.lseek(file, offset, whence);
        return position >= 0 ? position : -Marshal.GetLastPInvokeError();
    }

    public static int Status(SafeHandle file, out FileStat status) => StatusAt(file, [], follow: true, out status);

    /// <summary>The status of <paramref name="name"/>, one path component, in a directory; of the descriptor itself when it is empty.</summary>
    public static unsafe int StatusAt(SafeHandle directory, ReadOnlySpan<byte> name, bool follow, out FileStat status)
    {
        status = default;
        var terminated = stackalloc byte[PathBytes.Max];
        if (!PathBytes.TryTerminate(name, terminated))
        {
            return -Errno.ENAMETOOLONG;
        }

        var raw = stackalloc byte[StatxSize];
        var flags = Libc.AT_EMPTY_PATH | AT_NO_AUTOMOUNT | (follow ? 0 : AT_SYMLINK_NOFOLLOW);
        if (statx(directory, terminated, flags, STATX_BASIC_STATS, raw) < 0)
        {
            return -Marshal.GetLastPInvokeError();
        }

        status = Decode(new ReadOnlySpan<byte>(raw, StatxSize));
        return 0;
    }

    /// <summary>Times of an open file: seconds and nanoseconds of access, then of modification; nanoseconds may be <see cref="TimeOmit"/> or <see cref="TimeNow"/>.</summary>
    public static unsafe int SetTimes(SafeHandle file, FileTime access, FileTime modification)
    {
        var times = stackalloc FileTime[] { access, modification };
        return Answer(futimens(file, times));
    }

    /// <summary>The same for a descriptor that only names the place (<see cref="OpenFlags.PathOnly"/>).</summary>
    public static unsafe int SetTimesOfPlace(SafeHandle place, FileTime access, FileTime modification)
    {
        byte empty = 0;
        var times = stackalloc FileTime[] { access, modification };
        return Answer(utimensat(place, &empty, times, Libc.AT_EMPTY_PATH));
    }

    public static int SetSize(SafeHandle file, ulong size) =>
        size > long.MaxValue ? -Errno.EINVAL : Answer(ftruncate64(file, (long)size));

    public static int Allocate(SafeHandle file, ulong offset, ulong length) =>
        offset > long.MaxValue || length > long.MaxValue
            ? -Errno.EINVAL
            : Answer(fallocate64(file, FALLOC_FL_DEFAULT, (long)offset, (long)length));

    /// <summary>posix_fadvise(2): 0 normal, 1 random, 2 sequential, 3 will need, 4 do not need, 5 no reuse.</summary>
    public static int Advise(SafeHandle file, ulong offset, ulong length, int advice) =>
        offset > long.MaxValue || length > long.MaxValue
            ? -Errno.EINVAL
            : -posix_fadvise64(file, (long)offset, (long)length, advice);

    public static int Synchronize(SafeHandle file) => Answer(fsync(file));

    public static int SynchronizeData(SafeHandle file) => Answer(fdatasync(file));

    /// <summary>Changes O_APPEND and O_NONBLOCK of an open file; the kernel lets nothing else be changed.</summary>
    public static int SetFlags(SafeHandle file, bool append, bool nonBlocking)
    {
        var flags = Libc.fcntl(file, Libc.F_GETFL, 0);
        if (flags < 0)
        {
            return -Marshal.GetLastPInvokeError();
        }

        flags &= ~(Libc.O_APPEND | Libc.O_NONBLOCK);
        flags |= (append ? Libc.O_APPEND : 0) | (nonBlocking ? Libc.O_NONBLOCK : 0);
        return Answer(Libc.fcntl(file, Libc.F_SETFL, flags));
    }

    /// <summary>Whether the descriptor is a terminal.</summary>
    public static bool IsTerminal(SafeHandle file) => isatty(file) == 1;

    /// <summary>
    /// Opens the file behind a descriptor anew, with flags of its own: the other holders of the first one do not see them
    /// change. Fails where the file has no name in /proc (sockets), or may not be opened.
    /// </summary>
    public static SafeFileHandle? TryReopen(SafeHandle file, bool write)
    {
        var flags = (write ? Libc.O_WRONLY : Libc.O_RDONLY) | Libc.O_NONBLOCK;
        var descriptor = Libc.Open($"/proc/self/fd/{file.DangerousGetHandle()}", flags);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    internal static int Answer(nint result) => result >= 0 ? (int)result : -Marshal.GetLastPInvokeError();

    internal static bool Interrupted(nint result) => result < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR;

    private static unsafe int Repeat(SafeHandle file, byte* start, int length, delegate*<SafeHandle, byte*, nuint, nint> call)
    {
        nint count;
        do
        {
            count = call(file, start, (nuint)length);
        }
        while (Interrupted(count));
        return Answer(count);
    }

    private static unsafe int RepeatAt(
        SafeHandle file, byte* start, int length, ulong offset, delegate*<SafeHandle, byte*, nuint, long, nint> call)
    {
        if (offset > long.MaxValue)
        {
            return -Errno.EINVAL;
        }

        nint count;
        do
        {
            count = call(file, start, (nuint)length, (long)offset);
        }
        while (Interrupted(count));
        return Answer(count);
    }

    // struct statx (linux/stat.h).
    private static FileStat Decode(ReadOnlySpan<byte> raw)
    {
        const int ModeShift = 12;
        const int MinorBits = 32;
        return new FileStat(
            Device: ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(raw[0x88..]) << MinorBits) | BinaryPrimitives.ReadUInt32LittleEndian(raw[0x8C..]),
            Inode: BinaryPrimitives.ReadUInt64LittleEndian(raw[0x20..]),
            Type: (FileType)(BinaryPrimitives.ReadUInt16LittleEndian(raw[0x1C..]) >> ModeShift),
            Links: BinaryPrimitives.ReadUInt32LittleEndian(raw[0x10..]),
            Size: BinaryPrimitives.ReadUInt64LittleEndian(raw[0x28..]),
            AccessTime: Time(raw[0x40..]),
            ModificationTime: Time(raw[0x70..]),
            ChangeTime: Time(raw[0x60..]));
    }

    private static Int128 Time(ReadOnlySpan<byte> raw) =>
        ((Int128)BinaryPrimitives.ReadInt64LittleEndian(raw) * NanosecondsOfSecond) + BinaryPrimitives.ReadUInt32LittleEndian(raw[sizeof(long)..]);

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial nint pread64(SafeHandle file, byte* buffer, nuint count, long offset);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial nint pwrite64(SafeHandle file, byte* buffer, nuint count, long offset);

    [LibraryImport(Libc.Name, EntryPoint = "pwritev64v2", SetLastError = true)]
    private static unsafe partial nint pwritev2(SafeHandle file, IoVector* vectors, int count, long offset, int flags);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int statx(SafeHandle directory, byte* path, int flags, uint mask, byte* status);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int futimens(SafeHandle file, FileTime* times);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int utimensat(SafeHandle directory, byte* path, FileTime* times, int flags);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int ftruncate64(SafeHandle file, long size);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int fallocate64(SafeHandle file, int mode, long offset, long length);

    // Answers the error number itself.
    [LibraryImport(Libc.Name)]
    private static partial int posix_fadvise64(SafeHandle file, long offset, long length, int advice);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int fsync(SafeHandle file);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int fdatasync(SafeHandle file);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int isatty(SafeHandle file);
}

/// <summary>struct timespec.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct FileTime(long Seconds, long Nanoseconds)
{
    public static FileTime Omit { get; } = new(0, FileCalls.TimeOmit);

    public static FileTime Now { get; } = new(0, FileCalls.TimeNow);
}
