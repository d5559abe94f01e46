namespace Skiff.Wasi.Streams;

/// <summary>The waits of one resource: they end when it is dropped, as it is with its store at the latest.</summary>
internal struct WaitLifetime
{
    private CancellationTokenSource? _source;
    private bool _over;

    /// <summary>For one wait. Most resources never wait, and cost nothing.</summary>
    public CancellationToken Token
    {
        get
        {
            if (_over)
            {
                return new CancellationToken(canceled: true);
            }

            return (_source ??= new CancellationTokenSource()).Token;
        }
    }

    public readonly bool IsOver => _over;

    public void End()
    {
        _over = true;
        _source?.Cancel();
        _source?.Dispose();
        _source = null;
    }
}
