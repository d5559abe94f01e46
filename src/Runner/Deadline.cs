using System.Globalization;
using Skiff.Engine;
using Skiff.Guest;

namespace Skiff.Runner;

/// <summary>The wall time a guest may run. Without one there is no timer and no thread.</summary>
internal sealed class Deadline(TimeSpan? wallTime, TimeProvider time, Action<GuestExit> abandon)
{
    // A running guest sees the tick at its next loop or call, within microseconds; what still runs then is in a host call.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(100);

    private volatile bool _over;

    public bool IsOver => _over;

    public GuestExit Exit => new(
        GuestExit.TimedOut,
        string.Create(CultureInfo.InvariantCulture, $"guest ended: its time of {wallTime?.TotalSeconds} s (--timeout) is over"));

    /// <summary>Starts the clock; disposing the token stops it.</summary>
    public IDisposable? Begin(WasmStore store)
    {
        if (wallTime is not { } limit)
        {
            return null;
        }

        return time.CreateTimer(_ => Strike(store), null, limit, Grace);
    }

    // First the guest is asked at its next safepoint, then the process ends.
    private void Strike(WasmStore store)
    {
        if (_over)
        {
            abandon(Exit);
            return;
        }

        _over = true;
        store.Stop(Exit.Reason!);
    }
}
