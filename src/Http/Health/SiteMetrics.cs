namespace Skiff.Http.Health;

/// <summary>What is counted of a site. Counting is a few interlocked additions a request; nothing is allocated.</summary>
public sealed class SiteMetrics(string site)
{
    /// <summary>Upper bounds of the duration buckets, in seconds.</summary>
    internal static readonly double[] DurationBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private const int StatusMax = 600;

    private readonly long[] _byStatus = new long[StatusMax];
    private readonly long[] _durations = new long[DurationBounds.Length + 1];
    private long _durationTicks;
    private long _inFlight;
    private long _queued;
    private long _traps;
    private long _deadlines;
    private long _refused;
    private long _instances;
    private long _instancesMade;
    private long _bytesSent;

    public string Site => site;

    public long InFlight => Volatile.Read(ref _inFlight);

    public long Queued => Volatile.Read(ref _queued);

    /// <summary>Guests that trapped.</summary>
    public long Traps => Volatile.Read(ref _traps);

    /// <summary>Guests that were ended because their time was over.</summary>
    public long Deadlines => Volatile.Read(ref _deadlines);

    /// <summary>Requests that were refused because too many waited.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Instances alive.</summary>
    public long Instances => Volatile.Read(ref _instances);

    public long InstancesMade => Volatile.Read(ref _instancesMade);

    public long BytesSent => Volatile.Read(ref _bytesSent);

    public TimeSpan DurationTotal => TimeSpan.FromTicks(Volatile.Read(ref _durationTicks));

    public long Answered(int status) => status is >= 0 and < StatusMax ? Volatile.Read(ref _byStatus[status]) : 0;

    public IEnumerable<(int Status, long Count)> ByStatus()
    {
        for (var status = 0; status < StatusMax; status++)
        {
            if (Answered(status) is var count and > 0)
            {
                yield return (status, count);
            }
        }
    }

    /// <summary>Counts by bucket, the last without an upper bound; not cumulated.</summary>
    internal long[] Durations() => [.. Enumerable.Range(0, _durations.Length).Select(i => Volatile.Read(ref _durations[i]))];

    internal void Begun() => Interlocked.Increment(ref _inFlight);

    internal void Ended(int status, TimeSpan duration, long bytes)
    {
        Interlocked.Decrement(ref _inFlight);
        Interlocked.Increment(ref _byStatus[status is >= 0 and < StatusMax ? status : 0]);
        Interlocked.Add(ref _durationTicks, duration.Ticks);
        Interlocked.Add(ref _bytesSent, bytes);
        var bucket = Array.BinarySearch(DurationBounds, duration.TotalSeconds);
        Interlocked.Increment(ref _durations[bucket < 0 ? ~bucket : bucket]);
    }

    internal void Queue(int change) => Interlocked.Add(ref _queued, change);

    internal void Trapped() => Interlocked.Increment(ref _traps);

    internal void TimedOut() => Interlocked.Increment(ref _deadlines);

    internal void TurnedAway() => Interlocked.Increment(ref _refused);

    internal void InstanceMade()
    {
        Interlocked.Increment(ref _instances);
        Interlocked.Increment(ref _instancesMade);
    }

    internal void InstanceGone() => Interlocked.Decrement(ref _instances);
}
