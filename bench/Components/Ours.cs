using System.Security.Cryptography;
using System.Text;
using Skiff.Components;
using Skiff.Components.Abi;
using Skiff.Components.Host;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Engine;

namespace Skiff.Bench.Components;

/// <summary>A component in our runtime, linked once.</summary>
internal sealed class Ours : IDisposable
{
    private readonly WasmEngine _engine;
    private readonly List<CompiledModule> _modules = [];

    public Ours(WasmEngine engine, byte[] binary, HostInterfaces host)
    {
        _engine = engine;
        Linked = new LinkedComponent(engine, Component.Parse(binary), host, Load, fibers: false);
    }

    public LinkedComponent Linked { get; }

    public static byte[] Binary(string text) => WasmEngine.FromText(Encoding.UTF8.GetBytes(text));

    /// <summary>Whatever the component imports, as functions that are not called.</summary>
    public static HostInterfaces Anything(LinkPlan plan)
    {
        var host = new HostInterfaces();
        foreach (var import in plan.Imports)
        {
            host.Add(new HostInterface(
                import.Interface?.Text ?? "",
                [.. import.Functions.Select(function => new HostFunctionDefinition(
                    function.Name, null, (_, _) => throw new GuestTrapException($"{function} is not there")))],
                []));
        }

        return host;
    }

    public ComponentInstance Start(object state)
    {
        var instance = new ComponentInstance(Linked, state);
        return instance.Instantiate() is { } end ? throw new InvalidOperationException(end.Trap?.Message) : instance;
    }

    public static void Call(ComponentFunction function, uint argument)
    {
        if (function.Call(ComponentValue.U32(argument)).End is { } end)
        {
            throw new InvalidOperationException(end.Trap?.Message);
        }
    }

    public void Dispose()
    {
        Linked.Dispose();
        _modules.ForEach(module => module.Dispose());
    }

    private CompiledModule Load(CoreModule module)
    {
        // By way of a file, as the product does: only a mapped image gives a new instance its memory copy-on-write.
        var path = Path.Combine(Path.GetTempPath(), $"skiff-bench-{Convert.ToHexStringLower(SHA256.HashData(module.Bytes.Span))}.cwasm");
        if (!File.Exists(path))
        {
            using var code = _engine.Compile(module.Bytes.Span);
            File.WriteAllBytes(path, code.Bytes);
        }

        var compiled = CompiledModule.Map(_engine, path);
        _modules.Add(compiled);
        return compiled;
    }
}
