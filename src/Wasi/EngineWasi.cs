using Skiff.Engine;

namespace Skiff.Wasi;

/// <summary>
/// WASI as the engine brings it, Preview 1 and 2. It blocks the guest's thread in host calls, where nothing but the end of the
/// process can interrupt it, so it is for processes that run one guest.
/// </summary>
public sealed class EngineWasi(WasiContext context) : IWasi
{
    private const int ExitCodeMask = 0xFF;

    private readonly BuiltInWasi _state = new();

    public int? ExitCode { get; private set; }

    public void Link(ModuleLinker linker)
    {
        linker.DefineBuiltInWasi();
        // The engine's own refuses codes from 126 on; a shell's child may use them, and so may a guest.
        linker.DefineFunction(WasiOffer.Preview1, "proc_exit", new FunctionType([ValueKind.I32], []), (ref HostCall call) =>
        {
            ExitCode = call.I32(0) & ExitCodeMask;
            throw new GuestExitException(ExitCode.Value);
        });
    }

    public void Link(ComponentLinker linker) => linker.DefineBuiltInWasi();

    public void Attach(WasmStore store)
    {
        _state.SetArguments(context.Arguments);
        _state.SetEnvironment(context.Environment);
        _state.InheritStandardStreams();
        if (context.Network.Destinations.Count > 0)
        {
            _state.InheritNetwork();
        }

        foreach (var preopen in context.Preopens)
        {
            _state.AddDirectory(preopen.HostPath, preopen.GuestPath, preopen.ReadOnly);
        }

        _state.AttachTo(store);
    }

    public void Dispose() => _state.Dispose();
}
