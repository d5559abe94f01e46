using System.Runtime.InteropServices;
using Skiff.Linux;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>A further process in a guest's container: another run of the run program, or a native program.</summary>
internal sealed class OciExec(OciGuest guest, ReadOnlyMemory<byte> processJson, GuestStdio stdio)
    : GuestExec(processJson, stdio, guest.Tools.Time)
{
    private readonly ReadOnlyMemory<byte> _processJson = processJson;
    private readonly GuestStdio _stdio = stdio;
    private GuestProcess? _process;

    public override int Pid => _process?.Pid ?? 0;

    protected override bool IsLaunched => _process is not null;

    /// <inheritdoc/>
    public override bool Signal(int signal) => _process?.Signal(signal) ?? false;

    protected override async Task StartAsync(ProcessSpec process, CancellationToken cancellation)
    {
        var entry = await guest.ResolveAsync(process, cancellation);
        var code = (entry as Entry.Wasm)?.Code;
        try
        {
            await LaunchAsync(process, entry, cancellation);
        }
        finally
        {
            if (code is not null && !guest.Owns(code))
            {
                code.Dispose();
            }
        }
    }

    private async Task LaunchAsync(ProcessSpec process, Entry entry, CancellationToken cancellation)
    {
        var wasm = entry as Entry.Wasm;
        var json = wasm is null
            ? SpecForGuest.NativeProcess(_processJson, process, _stdio.Terminal)
            : SpecForGuest.WasmProcess(_processJson, process, _stdio.Terminal, wasm.Command);
        var (gate, theirs) = wasm is null ? default : GuestGate.Open(wasm.Code);
        using var console = _stdio.Terminal ? new ConsolePlace(guest.Tools.Places.RunFolder) : null;
        using (gate)
        {
            SafeHandle[] inherited = wasm is null ? [] : [theirs!, .. wasm.Code.Handles];
            ChildProcess child;
            using (theirs)
            {
                child = await guest.Runtime.ExecAsync(json, new ProcessDescriptors(_stdio, console?.Path, inherited), cancellation);
            }

            _process = new GuestProcess(child);
            _ = FollowAsync(_process.Exit);
            Terminal = console is null ? null : await console.ReceiveAsync(cancellation);
            if (gate is not null)
            {
                await gate.PassAsync(cancellation);
            }
        }
    }
}
