using Skiff.Guest;

namespace Skiff.Wasi.Quotas;

/// <summary>What one guest may make the host keep and do, over all its instances (<see cref="GuestBounds"/>).</summary>
public sealed class WasiQuotas
{
    /// <param name="bounds">What is not said there has its default.</param>
    public WasiQuotas(GuestBounds bounds, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(bounds);
        var (said, usual) = (bounds, GuestBounds.Default);
        Descriptors = new CountQuota((said.OpenFiles ?? usual.OpenFiles)!.Value);
        Sockets = new CountQuota((said.Sockets ?? usual.Sockets)!.Value);
        Timers = new CountQuota((said.Timers ?? usual.Timers)!.Value);
        Log = new RateQuota(said.LogRate, time);
    }

    /// <summary>Files, directories, listings of directories, and sockets.</summary>
    public CountQuota Descriptors { get; }

    public CountQuota Sockets { get; }

    public CountQuota Timers { get; }

    public RateQuota Log { get; }
}
