namespace Skiff.Wasi.Quotas;

/// <summary>How many things of one kind a guest may make the host keep, over all its instances.</summary>
public sealed class CountQuota(int limit)
{
    private int _used;
    private long _refusals;

    public int Limit => limit;

    public int Used => Volatile.Read(ref _used);

    /// <summary>How often the guest wanted more.</summary>
    public long Refusals => Volatile.Read(ref _refusals);

    /// <summary>False: the guest has as many as it may.</summary>
    public bool TryTake(int count = 1)
    {
        if (Interlocked.Add(ref _used, count) <= limit)
        {
            return true;
        }

        Give(count);
        Interlocked.Increment(ref _refusals);
        return false;
    }

    public void Give(int count = 1) => Interlocked.Add(ref _used, -count);
}
