using Skiff.Guest;

namespace Skiff.Wasi.Quotas;

/// <summary>What one guest may make the host keep and do, over all its instances (<see cref="GuestBounds"/>).</summary>
public sealed class WasiQuotas
{
    /// <param name="bounds">What is not said there has its default.</param>
    /// <param name="descriptors">What all guests of the process may have open together; null: as many as the kernel allows.</param>
    public WasiQuotas(GuestBounds bounds, TimeProvider time, CountQuota? descriptors = null)
    {
        ArgumentNullException.ThrowIfNull(bounds);
        var all = bounds.Or(GuestBounds.Default);
        Descriptors = new CountQuota(all.OpenFiles!.Value, descriptors);
        Sockets = new CountQuota(all.Sockets!.Value);
        Timers = new CountQuota(all.Timers!.Value);
        Log = new RateQuota(all.LogRate, time);
    }

    /// <summary>Files, directories, listings of directories, and sockets.</summary>
    public CountQuota Descriptors { get; }

    public CountQuota Sockets { get; }

    public CountQuota Timers { get; }

    public RateQuota Log { get; }
}
