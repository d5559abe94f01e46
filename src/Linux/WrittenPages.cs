using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>
/// Which pages of a private mapping this process has written to, and how to have some made writable in one call before they are needed:
/// a page fault for each costs several times as much.
/// </summary>
public static unsafe partial class WrittenPages
{
    // proc(5), pagemap: an entry of eight bytes for each page.
    private const int EntryBytes = sizeof(ulong);
    private const ulong Present = 1UL << 63;
    private const ulong OfFile = 1UL << 61;

    // madvise(2), since Linux 5.14.
    private const int MADV_POPULATE_WRITE = 23;

    public static int PageBytes { get; } = Environment.SystemPageSize;

    /// <summary>
    /// The numbers, within <paramref name="memory"/>, of its pages that are there and are no longer the mapped file's; null where the
    /// kernel does not tell. <paramref name="memory"/> begins at a page.
    /// </summary>
    public static List<int>? TryFind(ReadOnlySpan<byte> memory)
    {
        var count = memory.Length / PageBytes;
        var entries = new byte[count * EntryBytes];
        try
        {
            using var map = File.OpenHandle("/proc/self/pagemap");
            var first = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory)) / (nuint)PageBytes;
            if (BoundedFile.ReadUpTo(map, entries, (long)first * EntryBytes) < entries.Length)
            {
                return null;
            }
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        var written = new List<int>();
        for (var page = 0; page < count; page++)
        {
            if ((BinaryPrimitives.ReadUInt64LittleEndian(entries.AsSpan(page * EntryBytes)) & (Present | OfFile)) == Present)
            {
                written.Add(page);
            }
        }

        return written;
    }

    /// <summary>Makes pages that may be written to as if they had been; false where the kernel cannot.</summary>
    /// <param name="memory">Begins and ends at a page.</param>
    public static bool TryPopulate(Span<byte> memory)
    {
        fixed (byte* start = memory)
        {
            return madvise(start, (nuint)memory.Length, MADV_POPULATE_WRITE) == 0;
        }
    }

    [LibraryImport(Libc.Name)]
    private static partial int madvise(byte* start, nuint length, int advice);
}
