namespace Skiff.Wasi.Quotas;

/// <summary>
/// How many bytes a second a guest may write, over all its instances. A second's worth may come at once. Who has written too much waits
/// before the next write: nothing is thrown away.
/// </summary>
/// <param name="limit">Bytes a second; null for no limit.</param>
public sealed class RateQuota(long? limit, TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _used;
    private long _heldTicks;

    // What may be written now; below nothing after a write that was longer than what was left.
    private double _level = limit ?? 0;
    private long _asOf = time.GetTimestamp();

    /// <summary>Bytes written.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>How long writes have waited.</summary>
    public TimeSpan Held => new(Volatile.Read(ref _heldTicks));

    /// <summary>Whether something may be written now.</summary>
    public bool IsOpen => Due() <= TimeSpan.Zero;

    public void Spend(int bytes)
    {
        Interlocked.Add(ref _used, bytes);
        if (limit is not null)
        {
            lock (_gate)
            {
                _level -= bytes;
            }
        }
    }

    /// <summary>Completes when something may be written.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        try
        {
            while (Due() is var due && due > TimeSpan.Zero)
            {
                await Task.Delay(due, time, cancellation);
            }
        }
        finally
        {
            Interlocked.Add(ref _heldTicks, time.GetElapsedTime(began).Ticks);
        }
    }

    // A timer counts whole milliseconds: less than one would come back at once, again and again.
    private TimeSpan Due()
    {
        if (limit is not { } rate)
        {
            return TimeSpan.Zero;
        }

        lock (_gate)
        {
            var now = time.GetTimestamp();
            _level = Math.Min(rate, _level + (time.GetElapsedTime(_asOf, now).TotalSeconds * rate));
            _asOf = now;
            return _level > 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Ceiling((1 - _level) / rate * 1000));
        }
    }
}
