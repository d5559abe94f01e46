namespace Skiff.Wasi.Quotas;

/// <summary>What one instance has of its guest's quota. Whatever it still has when it ends goes back with it.</summary>
/// <param name="free">Its first so many are not counted: they are not the guest's doing.</param>
public sealed class QuotaShare(CountQuota quota, int free = 0) : IDisposable
{
    private readonly Lock _gate = new();
    private int _held;
    private bool _isOver;

    /// <summary>False: the guest has as many as it may.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            if (_isOver || (_held >= free && !quota.TryTake()))
            {
                return false;
            }

            _held++;
            return true;
        }
    }

    public void Give()
    {
        lock (_gate)
        {
            if (!_isOver && --_held >= free)
            {
                quota.Give();
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _isOver = true;
                quota.Give(Math.Max(0, _held - free));
            }
        }
    }
}
