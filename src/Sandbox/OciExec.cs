using System.Runtime.InteropServices;
using Skiff.Linux;
using Skiff.Oci;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>A further process in a guest's container: another run of the run program, or a native program.</summary>
internal sealed class OciExec(OciGuest guest, ReadOnlyMemory<byte> processJson, GuestStdio stdio) : IGuestProcess
{
    /// <summary>What a shell answers for a program that it cannot execute.</summary>
    private const int ExitOfFailedStart = 126;

    private readonly TaskCompletionSource<ProcessExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GuestProcess? _process;

    public int Pid => _process?.Pid ?? 0;

    public Task<ProcessExit> Exit => _exit.Task;

    public Terminal? Terminal { get; private set; }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            await StartOrFailAsync(cancellation);
        }
        catch (Exception fault) when (fault is OciFormatException)
        {
            throw new SandboxException($"process: {fault.Message}", SandboxFault.InvalidArgument, fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"The process cannot be prepared: {fault.Message}", SandboxFault.Internal, fault);
        }
        finally
        {
            if (_process is null)
            {
                _exit.TrySetResult(new ProcessExit(ExitOfFailedStart, guest.Tools.Time.GetUtcNow()));
            }

            stdio.Input?.Dispose();
            stdio.Output?.Dispose();
            stdio.Error?.Dispose();
        }
    }

    /// <inheritdoc/>
    public bool Signal(int signal) => _process?.Signal(signal) ?? false;

    private async Task StartOrFailAsync(CancellationToken cancellation)
    {
        var process = ProcessSpec.Parse(processJson.Span);
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
            ? SpecForGuest.NativeProcess(processJson, process, stdio.Terminal)
            : SpecForGuest.WasmProcess(processJson, process, stdio.Terminal, wasm.Command);
        var (gate, theirs) = wasm is null ? default : GuestGate.Open(wasm.Code);
        using var console = stdio.Terminal ? new ConsolePlace(guest.Tools.Places.RunFolder) : null;
        using (gate)
        {
            SafeHandle[] inherited = wasm is null ? [] : [theirs!, .. wasm.Code.Handles];
            ChildProcess child;
            using (theirs)
            {
                child = await guest.Runtime.ExecAsync(json, new ProcessDescriptors(stdio, console?.Path, inherited), cancellation);
            }

            Follow(new GuestProcess(child));
            Terminal = console is null ? null : await console.ReceiveAsync(cancellation);
            if (gate is not null)
            {
                await gate.PassAsync(cancellation);
            }
        }
    }

    private void Follow(GuestProcess process)
    {
        _process = process;
        process.Exit.ContinueWith(
            ended => _exit.TrySetResult(ended.Result), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
