using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>What statx(2) says of an open descriptor. statx, because its structure is the same on every processor; stat's is not.</summary>
internal static partial class FileStatus
{
    public const int TypeMask = 0xF000;
    public const int Fifo = 0x1000;
    public const int Directory = 0x4000;
    public const int Regular = 0x8000;
    public const int Link = 0xA000;

    private const int StatxSize = 256;
    private const int ModeOffset = 28;
    private const uint STATX_TYPE_AND_MODE = 3;

    // STATX_MTIME | STATX_CTIME | STATX_INO | STATX_SIZE.
    private const uint STATX_IDENTITY = 0x40 | 0x80 | 0x100 | 0x200;
    private const int InodeOffset = 32;
    private const int SizeOffset = 40;
    private const int ChangeTimeOffset = 96;
    private const int ModifyTimeOffset = 112;
    private const int DeviceOffset = 136;

    /// <summary>Type and permission bits (st_mode).</summary>
    public static int Mode(SafeHandle descriptor, string subject)
    {
        Span<byte> status = stackalloc byte[StatxSize];
        Read(descriptor, subject, STATX_TYPE_AND_MODE, status);
        return BinaryPrimitives.ReadUInt16LittleEndian(status[ModeOffset..]);
    }

    public static FileIdentity Identity(SafeHandle descriptor, string subject)
    {
        Span<byte> status = stackalloc byte[StatxSize];
        Read(descriptor, subject, STATX_IDENTITY, status);
        return new FileIdentity(
            BinaryPrimitives.ReadUInt64LittleEndian(status[DeviceOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(status[InodeOffset..]),
            BinaryPrimitives.ReadInt64LittleEndian(status[SizeOffset..]),
            Time(status[ModifyTimeOffset..]),
            Time(status[ChangeTimeOffset..]));
    }

    public static bool Is(int mode, int type) => (mode & TypeMask) == type;

    // struct statx_timestamp: seconds (64 bits), nanoseconds (32 bits).
    private static Int128 Time(ReadOnlySpan<byte> time) =>
        ((Int128)BinaryPrimitives.ReadInt64LittleEndian(time) * 1_000_000_000) + BinaryPrimitives.ReadUInt32LittleEndian(time[8..]);

    private static unsafe void Read(SafeHandle descriptor, string subject, uint mask, Span<byte> status)
    {
        fixed (byte* start = status)
        {
            Libc.Check(statx(descriptor, "", Libc.AT_EMPTY_PATH, mask, start), "statx", subject);
        }
    }

    [LibraryImport(Libc.Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(SafeHandle directory, string path, int flags, uint mask, byte* status);
}
