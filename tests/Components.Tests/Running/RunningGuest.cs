using Skiff.Components.Abi;
using Skiff.Components.Host;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Engine;

namespace Skiff.Components.Tests.Running;

/// <summary>A component from text, linked, compiled and instantiated on the real engine.</summary>
internal sealed class RunningGuest : IDisposable
{
    // One for the process: an engine maps gigabytes of addresses.
    private static readonly WasmEngine Engine = new();

    private readonly List<CompiledModule> _modules = [];

    public RunningGuest(string text, HostInterfaces? host = null, object? state = null, bool elide = true, bool fibers = false)
        : this(ComponentText.ToBinary(text), host, state, elide, fibers)
    {
    }

    public RunningGuest(byte[] binary, HostInterfaces? host = null, object? state = null, bool elide = true, bool fibers = false)
    {
        Linked = new LinkedComponent(
            Engine, Component.Parse(binary, new LinkOptions(elide)), host ?? new HostInterfaces(), Load, fibers);
        Instance = new ComponentInstance(Linked, state ?? new object());
        Start = Instance.InstantiateAsync().AsTask().GetAwaiter().GetResult();
    }

    public LinkedComponent Linked { get; }

    public ComponentInstance Instance { get; }

    /// <summary>How instantiation ended the guest, if it did.</summary>
    public CallEnd? Start { get; }

    /// <summary>Calls an export that must return.</summary>
    /// <param name="name">"function" or "interface#function".</param>
    public ComponentValue? Call(string name, params ComponentValue[] arguments)
    {
        Assert.Null(Start);
        var outcome = Outcome(name, arguments);
        Assert.True(outcome.End is null, outcome.End?.Trap?.Message);
        return outcome.Value;
    }

    /// <summary>Calls an export that must trap, and says how.</summary>
    public string Trap(string name, params ComponentValue[] arguments)
    {
        Assert.Null(Start);
        var outcome = Outcome(name, arguments);
        Assert.NotNull(outcome.End);
        return outcome.End.Trap!.Message;
    }

    public CallOutcome Outcome(string name, params ComponentValue[] arguments)
    {
        var parts = name.Split('#');
        var function = parts.Length == 1 ? Instance.FindFunction(null, name) : Instance.FindFunction(parts[0], parts[1]);
        Assert.NotNull(function);
        return Linked.Suspends
            ? function.CallAsync(arguments).AsTask().GetAwaiter().GetResult()
            : function.Call(arguments);
    }

    public void Dispose()
    {
        Instance.Dispose();
        Linked.Dispose();
        _modules.ForEach(module => module.Dispose());
    }

    private CompiledModule Load(CoreModule module)
    {
        using var code = Engine.Compile(module.Bytes.Span);
        var compiled = CompiledModule.Load(Engine, code.Bytes);
        _modules.Add(compiled);
        return compiled;
    }
}
