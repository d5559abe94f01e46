namespace Skiff.Runner;

/// <summary>What a guest is made of, taken apart in the order opposite to that in which it was put together.</summary>
internal sealed class Parts : IDisposable
{
    private readonly Stack<IDisposable> _parts = new();

    public T Add<T>(T part)
        where T : IDisposable
    {
        _parts.Push(part);
        return part;
    }

    public void Dispose()
    {
        while (_parts.TryPop(out var part))
        {
            part.Dispose();
        }
    }
}
