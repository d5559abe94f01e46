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

    private const int StatxSize = 256;
    private const int ModeOffset = 28;
    private const uint STATX_TYPE_AND_MODE = 3;

    /// <summary>Type and permission bits (st_mode).</summary>
    public static unsafe int Mode(SafeHandle descriptor, string subject)
    {
        var status = stackalloc byte[StatxSize];
        Libc.Check(statx(descriptor, "", Libc.AT_EMPTY_PATH, STATX_TYPE_AND_MODE, status), "statx", subject);
        return BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(status + ModeOffset, sizeof(ushort)));
    }

    public static bool Is(int mode, int type) => (mode & TypeMask) == type;

    [LibraryImport(Libc.Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(SafeHandle directory, string path, int flags, uint mask, byte* status);
}
