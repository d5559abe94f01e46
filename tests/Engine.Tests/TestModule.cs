using System.Text;

namespace Skiff.Engine.Tests;

/// <summary>A module from text, compiled, linked and instantiated.</summary>
internal sealed class TestModule : IDisposable
{
    private readonly CompiledModule _module;
    private readonly ModuleLinker _linker;
    private readonly LinkedModule _linked;

    public TestModule(
        WasmEngine engine, string text, StoreLimits? limits = null, Action<ModuleLinker>? link = null, object? state = null, bool fibers = false)
    {
        _module = Load(engine, text);
        Store = new WasmStore(engine, limits, state);
        _linker = new ModuleLinker(engine, fibers);
        link?.Invoke(_linker);
        _linked = _linker.Link(_module);
        Instance = fibers
            ? _linked.InstantiateAsync(Store).AsTask().GetAwaiter().GetResult().Instance!
            : _linked.Instantiate(Store, out _)!;
    }

    public WasmStore Store { get; }

    public ModuleInstance Instance { get; }

    public LinkedModule Linked => _linked;

    public static CompiledModule Load(WasmEngine engine, string text)
    {
        using var code = engine.Compile(WasmEngine.FromText(Encoding.UTF8.GetBytes(text)));
        return CompiledModule.Load(engine, code.Bytes);
    }

    /// <summary>Another module with the same imports.</summary>
    public LinkedModule Link(CompiledModule module) => _linker.Link(module);

    public CallEnd? Call(string export, params RawValue[] values) => Instance.FindFunction(export)!.Call(values);

    public CallEnd? Call(string export, RawValue[] arguments, out RawValue result)
    {
        var values = arguments.Length == 0 ? new RawValue[1] : arguments;
        var end = Instance.FindFunction(export)!.Call(values);
        result = values[0];
        return end;
    }

    public ValueTask<CallEnd?> CallAsync(string export, RawValue[]? values = null, CancellationToken cancellation = default) =>
        Instance.FindFunction(export)!.CallAsync(values ?? new RawValue[1], cancellation);

    public void Dispose()
    {
        Store.Dispose();
        _linked.Dispose();
        _linker.Dispose();
        _module.Dispose();
    }
}
