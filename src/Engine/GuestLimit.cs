using System.Globalization;

namespace Skiff.Engine;

/// <summary>
/// How many guests a process may run at once. Each takes some of the kernel's memory maps, of which a process has
/// <c>vm.max_map_count</c>; one that runs out of them dies somewhere in its own runtime. Who admits guests keeps below this.
/// </summary>
public static class GuestLimit
{
    // A memory's image, what lies behind that, and the guard; and a fiber's stack with its guard.
    private const int MapsPerMemory = 3;
    private const int MapsPerStack = 2;

    // The heap's, the libraries', the threads' and a pool's own.
    private const int OtherMaps = 8192;

    private const int KernelDefault = 65530;

    /// <summary>What the kernel's setting allows guests of one memory and one stack each; 11,467 by its default.</summary>
    public static int Largest { get; } = LargestWith(1, 1);

    /// <param name="memoriesPerGuest">See <see cref="PoolOptions.MemoriesPerGuest"/>: a slot that was used once keeps its maps.</param>
    /// <param name="stacksPerGuest">See <see cref="PoolOptions.StacksPerGuest"/>.</param>
    public static int LargestWith(int memoriesPerGuest, int stacksPerGuest) =>
        Math.Max(1, (ReadMapCount() - OtherMaps) / ((MapsPerMemory * memoriesPerGuest) + (MapsPerStack * stacksPerGuest)));

    private static int ReadMapCount()
    {
        try
        {
            return int.Parse(File.ReadAllText("/proc/sys/vm/max_map_count"), CultureInfo.InvariantCulture);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
        {
            return KernelDefault;
        }
    }
}
