using System.Globalization;

namespace Skiff.Engine;

/// <summary>
/// How many guests a process runs at once. Each takes about four of the kernel's memory maps, of which a process has
/// <c>vm.max_map_count</c>; a process that runs out of them dies somewhere in its own runtime. So who comes too many waits here.
/// </summary>
public sealed class InstanceSlots : IDisposable
{
    // An instance with its memory takes three to five, a fiber's stack one; half is left to the heap, libraries and threads.
    private const int MapsPerGuest = 5;
    private const int KernelDefault = 65530;

    private readonly SemaphoreSlim _free;
    private int _waiting;

    /// <param name="count">Guests at once; at most <see cref="Largest"/>.</param>
    public InstanceSlots(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Count = Math.Min(count, Largest);
        _free = new SemaphoreSlim(Count, Count);
    }

    /// <summary>What the kernel's setting allows.</summary>
    public static int Largest { get; } = ReadMapCount() / 2 / MapsPerGuest;

    public int Count { get; }

    /// <summary>Slots that are taken.</summary>
    public int Taken => Count - _free.CurrentCount;

    /// <summary>How many wait for one.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Takes a slot, in the order of asking; disposing of it gives it back.</summary>
    /// <param name="deadline">How long to wait for one at most.</param>
    /// <exception cref="TimeoutException">None became free; the message names the limit.</exception>
    public async ValueTask<IDisposable> TakeAsync(TimeSpan deadline, CancellationToken cancellation = default)
    {
        if (!_free.Wait(TimeSpan.Zero, CancellationToken.None))
        {
            Interlocked.Increment(ref _waiting);
            try
            {
                if (!await _free.WaitAsync(deadline, cancellation))
                {
                    throw new TimeoutException(string.Create(
                        CultureInfo.InvariantCulture,
                        $"all {Count} guests that may run at once in this process are running, and none ended within {deadline.TotalSeconds} s"));
                }
            }
            finally
            {
                Interlocked.Decrement(ref _waiting);
            }
        }

        return new Slot(_free);
    }

    public void Dispose() => _free.Dispose();

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

    private sealed class Slot(SemaphoreSlim free) : IDisposable
    {
        private int _given;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _given, 1) == 0)
            {
                free.Release();
            }
        }
    }
}
