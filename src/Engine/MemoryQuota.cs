namespace Skiff.Engine;

/// <summary>
/// The linear memories of one guest, over all its stores. Before each turn a store is told how far its memories may grow: as far as all
/// others of the guest leave room. Stores that run at the same moment may each take the same room; the one that is measured first then
/// finds the guest above its limit and says so (<see cref="Exceeded"/>), as a control group does when it finds no memory left.
/// </summary>
public sealed class MemoryQuota(long? limit = null)
{
    private long _limit = limit ?? long.MaxValue;
    private long _used;
    private long _refusals;

    /// <summary>Bytes; null for no limit. A lower one takes nothing away at once.</summary>
    public long? Limit
    {
        get => Volatile.Read(ref _limit) is var limit && limit == long.MaxValue ? null : limit;
        set => Volatile.Write(ref _limit, value ?? long.MaxValue);
    }

    /// <summary>Bytes, as of each store's last turn.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>How often a store had to end, or could not begin, for want of memory.</summary>
    public long Refusals => Volatile.Read(ref _refusals);

    /// <summary>Called when a turn has left the guest above its limit. From the thread that runs the store.</summary>
    public Action? Exceeded { get; set; }

    /// <summary>How much a store that has <paramref name="own"/> bytes may have; null for no limit.</summary>
    internal long? RoomFor(long own) => Limit is { } limit ? Math.Max(0, limit - (Used - own)) : null;

    internal void Add(long bytes)
    {
        if (bytes != 0 && Interlocked.Add(ref _used, bytes) > Volatile.Read(ref _limit) && bytes > 0)
        {
            Refuse();
            Exceeded?.Invoke();
        }
    }

    internal void Refuse() => Interlocked.Increment(ref _refusals);
}
