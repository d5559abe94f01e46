namespace Skiff.Wasi.Files;

/// <summary>How many descriptors of the host's one guest may hold open: files, directories, sockets, listings.</summary>
public sealed class DescriptorBudget(int descriptorsMax)
{
    private int _left = descriptorsMax;

    /// <summary>False: the guest has as many as it may.</summary>
    public bool TryTake()
    {
        if (Interlocked.Decrement(ref _left) >= 0)
        {
            return true;
        }

        Interlocked.Increment(ref _left);
        return false;
    }

    public void GiveBack() => Interlocked.Increment(ref _left);
}
