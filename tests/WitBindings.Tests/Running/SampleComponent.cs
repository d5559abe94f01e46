using System.Text;
using Skiff.Components;
using Skiff.Components.Abi;
using Skiff.Components.Host;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Engine;
using Skiff.WitBindings.Tests.Bindings.Sample;

namespace Skiff.WitBindings.Tests.Running;

/// <summary>A component from text, linked with the sample's host once, for any number of guests.</summary>
public class SampleComponent : IDisposable
{
    private readonly WasmEngine _engine = new();
    private readonly List<CompiledModule> _modules = [];

    public SampleComponent(string text, HostInterfaces host, bool fibers = false)
    {
        Text = text;
        var plan = Component.Parse(WasmEngine.FromText(Encoding.UTF8.GetBytes(text)), new LinkOptions(true));
        Linked = new LinkedComponent(_engine, plan, host, Load, fibers);
    }

    public string Text { get; }

    public LinkedComponent Linked { get; }

    /// <param name="state">Implements the interface.</param>
    public SampleGuest Start(object? state = null) => new(Linked, state ?? new EchoHost());

    public void Dispose()
    {
        Linked.Dispose();
        _modules.ForEach(module => module.Dispose());
        _engine.Dispose();
        GC.SuppressFinalize(this);
    }

    private CompiledModule Load(CoreModule module)
    {
        using var code = _engine.Compile(module.Bytes.Span);
        var compiled = CompiledModule.Load(_engine, code.Bytes);
        _modules.Add(compiled);
        return compiled;
    }
}

/// <summary>Passes the calls of interface echo through.</summary>
public sealed class EchoComponent() : SampleComponent(
    PassThrough.Text(EchoInterface.Definition), new HostInterfaces().Add(EchoInterface.Definition, state => state));

/// <summary>A guest of a <see cref="SampleComponent"/>.</summary>
public sealed class SampleGuest : IDisposable
{
    internal SampleGuest(LinkedComponent linked, object state)
    {
        Instance = new ComponentInstance(linked, state);
        Assert.Null(Instance.InstantiateAsync().AsTask().GetAwaiter().GetResult());
    }

    public ComponentInstance Instance { get; }

    /// <summary>Calls an export that must return.</summary>
    public ComponentValue? Call(string function, params ComponentValue[] arguments)
    {
        var outcome = Outcome(function, arguments);
        Assert.True(outcome.End is null, outcome.End?.Trap?.Message);
        return outcome.Value;
    }

    /// <summary>Calls an export that must trap, and says how.</summary>
    public string Trap(string function, params ComponentValue[] arguments)
    {
        var end = Outcome(function, arguments).End;
        Assert.NotNull(end);
        return end.Trap!.Message;
    }

    public CallOutcome Outcome(string function, params ComponentValue[] arguments)
    {
        var found = Instance.FindFunction(null, function);
        Assert.NotNull(found);
        return Instance.Linked.Suspends ? found.CallAsync(arguments).AsTask().GetAwaiter().GetResult() : found.Call(arguments);
    }

    public void Dispose() => Instance.Dispose();
}
