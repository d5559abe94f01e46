using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// A share of one processor for the stores that hold it, as <c>cpu.max</c> of a control group has it: at most
/// <paramref name="fraction"/> × <paramref name="period"/> of CPU time are saved up; what was used too much is paid back later, so
/// that the average holds. Counted is the CPU time of the threads while they run the guests, their host functions included.
/// </summary>
/// <param name="fraction">Processors: 0.25 is a quarter of one; more than 1 makes sense for several stores.</param>
/// <param name="period">How much of the past counts; 100 ms is what control groups take.</param>
public sealed class CpuQuota(double fraction, TimeSpan period, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly double _savedMax = fraction > 0 && period > TimeSpan.Zero
        ? fraction * period.TotalNanoseconds
        : throw new ArgumentOutOfRangeException(nameof(fraction), "a CPU quota and its period are greater than zero");

    private double _left = fraction * period.TotalNanoseconds;
    private long _refilled = (time ?? TimeProvider.System).GetTimestamp();

    internal TimeProvider Time => _time;

    /// <summary>Takes CPU time that was used, in nanoseconds, and tells how long to wait until there is some again.</summary>
    internal TimeSpan Charge(long used)
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            _left = Math.Min(_savedMax, _left + (fraction * _time.GetElapsedTime(_refilled, now).TotalNanoseconds)) - used;
            _refilled = now;
            return _left >= 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(Math.Ceiling(-_left / fraction / 1000));
        }
    }
}

/// <summary>
/// Measures one store's guest, and holds it to a <see cref="CpuQuota"/> where there is one. Used by the thread that runs the store.
/// </summary>
internal sealed class CpuMeter(CpuQuota? quota)
{
    private long _since;
    private long _used;

    /// <summary>CPU time used so far, as of the last charge.</summary>
    public TimeSpan Used => TimeSpan.FromTicks(_used / TimeSpan.NanosecondsPerTick);

    /// <summary>How long the guest has to wait; as of the last charge.</summary>
    public TimeSpan Wait { get; private set; }

    public CpuQuota? Quota => quota;

    /// <summary>The guest begins to run on this thread.</summary>
    public void Begin() => _since = ThreadApi.CpuNanoseconds();

    /// <summary>Takes what the guest used on this thread since the last time.</summary>
    public void Charge()
    {
        var now = ThreadApi.CpuNanoseconds();
        Wait = quota?.Charge(now - _since) ?? TimeSpan.Zero;
        _used += now - _since;
        _since = now;
    }

    /// <summary>CPU time used up to now, in nanoseconds. While the guest runs, on its thread.</summary>
    public long Now() => _used + (ThreadApi.CpuNanoseconds() - _since);

    /// <summary>How long a guest that does not run now has to wait before it may.</summary>
    public TimeSpan Refresh() => Wait = quota?.Charge(0) ?? TimeSpan.Zero;

    /// <summary>Holds the thread until the guest may go on or is stopped.</summary>
    public void BlockUntilRefilled(WasmStore store)
    {
        while (Wait > TimeSpan.Zero && store.StopReason is null)
        {
            store.Stopped.WaitHandle.WaitOne(Wait);
            Refresh();
        }
    }
}
