using System.Text;
using Skiff.Engine;
using Skiff.Linux.Files;
using Skiff.Wasi.Preview1;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Tests.Preview1;

/// <summary>A core module with Preview 1 by our own WASI, on the real engine.</summary>
internal sealed class CoreGuest : IDisposable
{
    private const int StackBytes = 4 << 20;

    private readonly WasmEngine _engine = new();
    private readonly CompiledModule _module;
    private readonly ModuleLinker _linker;
    private readonly LinkedModule _linked;

    public CoreGuest(ReadOnlySpan<byte> wasm, WasiContext context, bool fibers = false)
    {
        Output = new MemoryOutputStream(1 << 20);
        Error = new MemoryOutputStream(1 << 20);
        Readiness = new ReadinessLoop();
        var stdio = context.Stdio ?? new StandardStreams(new ClosedInputStream(), Output, Error);
        State = new WasiState(context with { Stdio = stdio }, new WasiHost(TimeProvider.System, Readiness));
        using (var code = _engine.Compile(wasm))
        {
            _module = CompiledModule.Load(_engine, code.Bytes);
        }

        _linker = new ModuleLinker(_engine, fibers);
        WasiPreview1.Define(_linker, state => (WasiState)state);
        _linked = _linker.Link(_module);
        Store = new WasmStore(_engine, null, State);
    }

    public WasiState State { get; }

    public WasmStore Store { get; }

    public ReadinessLoop Readiness { get; }

    public MemoryOutputStream Output { get; }

    public MemoryOutputStream Error { get; }

    public string Printed => Encoding.UTF8.GetString(Output.ToArray());

    public string Complained => Encoding.UTF8.GetString(Error.ToArray());

    /// <summary>A program of tests/Guests; the test is skipped where it was not built.</summary>
    public static byte[] Program(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var file = Path.Combine(folder.FullName, "artifacts/guests", name);
            if (File.Exists(file))
            {
                return File.ReadAllBytes(file);
            }
        }

        Assert.Skip($"{name} is not built (make -C tests/Guests)");
        return [];
    }

    public static byte[] Text(string text) => WasmEngine.FromText(Encoding.UTF8.GetBytes(text));

    public ModuleInstance Instantiate()
    {
        var instance = _linked.Instantiate(Store, out var end);
        Assert.True(end is null, end?.Trap?.Message);
        return instance!;
    }

    /// <summary>Runs <c>_start</c> on a thread of its own, as a command runs. The exit code; a trap fails the test.</summary>
    public int Run()
    {
        var end = Start();
        Assert.True(end?.Trap is null, end?.Trap?.ToString());
        return end?.ExitStatus ?? 0;
    }

    public CallEnd? Start()
    {
        CallEnd? end = null;
        Exception? fault = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    end = Instantiate().FindFunction("_start")!.Call(new RawValue[1]);
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
        return fault is null ? end : throw new InvalidOperationException("the guest's thread failed", fault);
    }

    public async Task<ModuleInstance> InstantiateAsync()
    {
        var made = await _linked.InstantiateAsync(Store);
        Assert.True(made.End is null, made.End?.Trap?.Message);
        return made.Instance!;
    }

    public async Task<CallEnd?> StartOnFiberAsync() =>
        await (await InstantiateAsync()).FindFunction("_start")!.CallAsync(new RawValue[1]);

    public void Dispose()
    {
        Store.Dispose();
        State.Dispose();
        _linked.Dispose();
        _linker.Dispose();
        _module.Dispose();
        _engine.Dispose();
        Readiness.Dispose();
    }
}
