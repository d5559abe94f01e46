using Skiff.Linux;
using Skiff.Oci;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>A further run of a module, with the files, the network and the limits of a guest in a guest host.</summary>
internal sealed class HostedExec(HostedGuest guest, ReadOnlyMemory<byte> processJson, GuestStdio stdio, HostedTools tools) : IGuestProcess
{
    /// <summary>What a shell answers for a program that it cannot execute.</summary>
    private const int ExitOfFailedStart = 126;

    private readonly TaskCompletionSource<ProcessExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HostedProcess? _process;

    /// <summary>It has no process: the guest's number stands for it.</summary>
    public int Pid => _process is null ? 0 : guest.Pid;

    public Task<ProcessExit> Exit => _exit.Task;

    public Terminal? Terminal { get; private set; }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            await StartOrFailAsync(cancellation);
        }
        catch (OciFormatException fault)
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
                _exit.TrySetResult(new ProcessExit(ExitOfFailedStart, tools.Time.GetUtcNow()));
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
        if (await guest.ResolveAsync(process, cancellation) is not Entry.Wasm entry)
        {
            throw new SandboxException(
                $"'{process.Args[0]}' is a native program: this guest has no container that it could run in (isolation node or pod). "
                + "Exec '#export' of its module or another module of the image, or run the pod with isolation \"container\".",
                SandboxFault.FailedPrecondition);
        }

        try
        {
            var (terminal, ends) = HostedSandbox.OpenTerminal(stdio);
            Terminal = terminal;
            using (ends.Input == stdio.Input ? null : ends.Input)
            {
                _process = guest.BeginExec(entry, process, ends);
            }

            _ = FollowAsync(_process);
            await _process.StartAsync(cancellation);
        }
        finally
        {
            if (!guest.Owns(entry.Code))
            {
                entry.Code.Dispose();
            }
        }
    }

    private async Task FollowAsync(HostedProcess process)
    {
        _exit.TrySetResult(await process.Exit);
        process.Dispose();
    }
}
