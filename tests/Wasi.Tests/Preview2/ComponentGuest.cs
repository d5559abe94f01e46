using System.Text;
using Skiff.Components;
using Skiff.Components.Host;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Engine;
using Skiff.Linux.Files;
using Skiff.Wasi.Preview2;
using Skiff.Wasi.Streams;
using ComponentInstance = Skiff.Components.Runtime.ComponentInstance;

namespace Skiff.Wasi.Tests.Preview2;

/// <summary>A command component with Preview 2 by our own WASI, on our own component runtime.</summary>
internal sealed class ComponentGuest : IDisposable
{
    private const int StackBytes = 4 << 20;

    private readonly WasmEngine _engine = new();
    private readonly List<CompiledModule> _modules = [];
    private readonly LinkedComponent _linked;

    public ComponentGuest(byte[] wasm, WasiContext context, bool fibers = false)
    {
        Output = new MemoryOutputStream(1 << 20);
        Error = new MemoryOutputStream(1 << 20);
        Readiness = new ReadinessLoop();
        var stdio = context.Stdio ?? new StandardStreams(new ClosedInputStream(), Output, Error);
        State = new WasiState(context with { Stdio = stdio }, new WasiHost(TimeProvider.System, Readiness));
        var host = new HostInterfaces();
        WasiPreview2.Define(host, state => (WasiState)state);
        _linked = new LinkedComponent(_engine, Component.Parse(wasm), host, Load, fibers);
        Instance = new ComponentInstance(_linked, State);
    }

    public ComponentInstance Instance { get; }

    public WasiState State { get; }

    public ReadinessLoop Readiness { get; }

    public MemoryOutputStream Output { get; }

    public MemoryOutputStream Error { get; }

    public string Printed => Encoding.UTF8.GetString(Output.ToArray());

    public string Complained => Encoding.UTF8.GetString(Error.ToArray());

    /// <summary>The exit code: 0 or 1 as <c>run</c> returns, or as <c>exit</c> says. A trap fails the test.</summary>
    public int Run()
    {
        var outcome = Start();
        Assert.True(outcome.End?.Trap is null, outcome.End?.Trap?.ToString());
        return outcome.End?.ExitStatus ?? (int)outcome.Value!.Value.Case;
    }

    public CallOutcome Start()
    {
        CallOutcome outcome = default;
        Exception? fault = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    var end = Instance.Instantiate();
                    outcome = end is null
                        ? Instance.FindFunction("wasi:cli/run@0.2.0", "run")!.Call()
                        : new CallOutcome(null, end);
                }
#pragma warning disable CA1031 // handed over to the test's thread
                catch (Exception caught)
#pragma warning restore CA1031
                {
                    fault = caught;
                }
            },
            StackBytes);
        thread.Start();
        thread.Join();
        return fault is null ? outcome : throw new InvalidOperationException("the guest's thread failed", fault);
    }

    public Task<CallOutcome> StartOnFiberAsync() => RunAsync(Instance);

    /// <summary>Runs a command on a fiber.</summary>
    public static async Task<CallOutcome> RunAsync(ComponentInstance instance) => await instance.InstantiateAsync() is { } end
        ? new CallOutcome(null, end)
        : await instance.FindFunction("wasi:cli/run@0.2.0", "run")!.CallAsync([]);

    public void Dispose()
    {
        Instance.Dispose();
        State.Dispose();
        _linked.Dispose();
        _modules.ForEach(module => module.Dispose());
        _engine.Dispose();
        Readiness.Dispose();
    }

    private CompiledModule Load(CoreModule module)
    {
        using var code = _engine.Compile(module.Bytes.Span);
        var compiled = CompiledModule.Load(_engine, code.Bytes);
        _modules.Add(compiled);
        return compiled;
    }
}
