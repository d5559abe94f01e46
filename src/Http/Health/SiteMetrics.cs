using System.Globalization;

namespace Skiff.Http.Health;

/// <summary>
/// What is counted of a site: one array of numbers, so that the figures of several processes are the sum of theirs. Counting is a
/// few interlocked additions a request; nothing is allocated.
/// </summary>
public sealed class SiteMetrics(string site)
{
    /// <summary>Upper bounds of the duration buckets, in seconds.</summary>
    internal static readonly double[] DurationBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private const int StatusMax = 600;

    private readonly long[] _counters = new long[(int)Counter.Durations + 16];

    // Statuses last: they are many, and nearly all of them 0.
    private enum Counter
    {
        InFlight,
        Queued,
        Traps,
        Deadlines,
        Refused,
        Instances,
        InstancesMade,
        BytesSent,
        DurationTicks,
        Statuses,
        Durations = Statuses + StatusMax,
    }

    public string Site => site;

    public long InFlight => Read(Counter.InFlight);

    public long Queued => Read(Counter.Queued);

    /// <summary>Guests that trapped.</summary>
    public long Traps => Read(Counter.Traps);

    /// <summary>Guests that were ended because their time was over.</summary>
    public long Deadlines => Read(Counter.Deadlines);

    /// <summary>Requests that were refused because too many waited.</summary>
    public long Refused => Read(Counter.Refused);

    /// <summary>Instances alive.</summary>
    public long Instances => Read(Counter.Instances);

    public long InstancesMade => Read(Counter.InstancesMade);

    public long BytesSent => Read(Counter.BytesSent);

    /// <summary>Requests answered.</summary>
    public long Requests => Durations().Sum();

    public TimeSpan DurationTotal => TimeSpan.FromTicks(Read(Counter.DurationTicks));

    /// <summary>How many responses had this status.</summary>
    public long Answered(int status) => status is >= 0 and < StatusMax ? Volatile.Read(ref _counters[(int)Counter.Statuses + status]) : 0;

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

    /// <summary>All numbers, for <see cref="Add"/> in another process.</summary>
    internal long[] Snapshot() => [.. _counters];

    internal void Add(ReadOnlySpan<long> snapshot)
    {
        if (snapshot.Length != _counters.Length)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{snapshot.Length} counters instead of {_counters.Length}"), nameof(snapshot));
        }

        for (var i = 0; i < snapshot.Length; i++)
        {
            Interlocked.Add(ref _counters[i], snapshot[i]);
        }
    }

    /// <summary>Counts by bucket, the last without an upper bound; not cumulated.</summary>
    internal long[] Durations() => [.. Enumerable.Range(0, DurationBounds.Length + 1).Select(i => Volatile.Read(ref _counters[(int)Counter.Durations + i]))];

    internal void Begun() => Change(Counter.InFlight, 1);

    internal void Ended(int status, TimeSpan duration, long bytes)
    {
        Change(Counter.InFlight, -1);
        Interlocked.Increment(ref _counters[(int)Counter.Statuses + (status is >= 0 and < StatusMax ? status : 0)]);
        Change(Counter.DurationTicks, duration.Ticks);
        Change(Counter.BytesSent, bytes);
        var bucket = Array.BinarySearch(DurationBounds, duration.TotalSeconds);
        Interlocked.Increment(ref _counters[(int)Counter.Durations + (bucket < 0 ? ~bucket : bucket)]);
    }

    internal void Queue(int change) => Change(Counter.Queued, change);

    internal void Trapped() => Change(Counter.Traps, 1);

    internal void TimedOut() => Change(Counter.Deadlines, 1);

    internal void TurnedAway() => Change(Counter.Refused, 1);

    internal void InstanceMade()
    {
        Change(Counter.Instances, 1);
        Change(Counter.InstancesMade, 1);
    }

    internal void InstanceGone() => Change(Counter.Instances, -1);

    private long Read(Counter counter) => Volatile.Read(ref _counters[(int)counter]);

    private void Change(Counter counter, long by) => Interlocked.Add(ref _counters[(int)counter], by);
}
