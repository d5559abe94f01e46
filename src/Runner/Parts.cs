using Skiff.Engine;
using Skiff.Wasi;

namespace Skiff.Runner;

/// <summary>What a guest is made of, taken apart in the order opposite to that in which it was put together.</summary>
internal sealed class Parts : IDisposable
{
    private readonly Stack<IDisposable> _others = new();

    public WasmEngine? Engine { get; set; }

    public WasmStore? Store { get; set; }

    public IWasi? Wasi { get; set; }

    public void Add(IDisposable part) => _others.Push(part);

    public void Dispose()
    {
        // Instances before the code they run, all before the engine.
        Wasi?.Dispose();
        Store?.Dispose();
        while (_others.TryPop(out var part))
        {
            part.Dispose();
        }

        Engine?.Dispose();
    }
}
