namespace Skiff.Wasi.Quotas;

/// <summary>How many things of one kind a guest may make the host keep, over all its instances.</summary>
/// <param name="shared">What all guests of the process may have of it together; each takes from there as well.</param>
public sealed class CountQuota(int limit, CountQuota? shared = null)
{
    private int _used;
    private long _refusals;

    public int Used => Volatile.Read(ref _used);

    /// <summary>How often the guest wanted more.</summary>
    public long Refusals => Volatile.Read(ref _refusals);

    /// <summary>False: the guest has as many as it may, or all guests have.</summary>
    public bool TryTake()
    {
        if (Interlocked.Increment(ref _used) <= limit && shared?.TryTake() != false)
        {
            return true;
        }

        Interlocked.Decrement(ref _used);
        Interlocked.Increment(ref _refusals);
        return false;
    }

    public void Give(int count = 1)
    {
        Interlocked.Add(ref _used, -count);
        shared?.Give(count);
    }
}
