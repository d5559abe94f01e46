using System.Runtime.InteropServices;

namespace Skiff.Engine.Native;

/// <summary>
/// The C library's heap, which the engine takes stores and instances from (14 KB for each waiting request). It keeps a heap for each
/// thread that allocates, up to eight for a processor, and what a burst of requests has freed in one of them serves no other: 10,000 requests
/// left 340 MB for 141 in use.
/// </summary>
internal static partial class HeapApi
{
    // mallopt(3): M_ARENA_MAX.
    private const int ArenaMax = -8;

    /// <summary>One heap for two processors from now on: hardly any thread waits for another, since each keeps what it has just freed.</summary>
    public static void LimitArenas() => _ = mallopt(ArenaMax, Math.Max(1, Environment.ProcessorCount / 2));

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
