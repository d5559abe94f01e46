using System.Text;

namespace Skiff.Engine.Tests;

/// <summary>A module from text, compiled, linked and instantiated.</summary>
internal sealed class TestModule : IDisposable
{
    private readonly CompiledModule _module;
    private readonly ModuleLinker _linker;
    private readonly LinkedModule _linked;

    public TestModule(WasmEngine engine, string text, Action<WasmStore>? limit = null, Action<ModuleLinker>? link = null)
    {
        using (var code = engine.Compile(WasmEngine.FromText(Encoding.UTF8.GetBytes(text)), component: false))
        {
            _module = CompiledModule.Load(engine, code.Bytes);
        }

        Store = new WasmStore(engine);
        limit?.Invoke(Store);
        _linker = new ModuleLinker(engine);
        link?.Invoke(_linker);
        _linked = _linker.Link(_module);
        Instance = _linked.Instantiate(Store, out _)!;
    }

    public WasmStore Store { get; }

    public ModuleInstance Instance { get; }

    public CallEnd? Call(string export) => Instance.FindFunction(export)!.Call([], []);

    public CallEnd? Call(string export, WasmValue[] arguments, out WasmValue result)
    {
        var results = new WasmValue[1];
        var end = Instance.FindFunction(export)!.Call(arguments, results);
        result = results[0];
        return end;
    }

    public void Dispose()
    {
        Store.Dispose();
        _linked.Dispose();
        _linker.Dispose();
        _module.Dispose();
    }
}
