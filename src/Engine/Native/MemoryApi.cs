using System.Runtime.InteropServices;

namespace Skiff.Engine.Native;

/// <summary>Address space: mmap(2) and its companions.</summary>
internal static partial class MemoryApi
{
    private const int None = 0;
    private const int ReadWrite = 3;
    private const int PrivateAnonymousNoReserve = 0x4022;

    /// <summary>Addresses without memory behind them, at <paramref name="wanted"/> if that is free. Negative when there are none.</summary>
    public static nint Reserve(nint wanted, long length) => mmap(wanted, (nuint)length, None, PrivateAnonymousNoReserve, -1, 0);

    public static bool MakeUsable(nint at, long length) => mprotect(at, (nuint)length, ReadWrite) == 0;

    public static void Release(nint at, long length)
    {
        if (at > 0)
        {
            _ = munmap(at, (nuint)length);
        }
    }

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc")]
    private static partial int mprotect(nint address, nuint length, int protection);

    [LibraryImport("libc")]
    private static partial int munmap(nint address, nuint length);
}
