using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>A further run of a module, with the files, the network and the limits of a guest in a guest host.</summary>
internal sealed class HostedExec(HostedGuest guest, ReadOnlyMemory<byte> processJson, GuestStdio stdio, HostedTools tools)
    : GuestExec(processJson, stdio, tools.Time)
{
    private readonly GuestStdio _stdio = stdio;
    private HostedProcess? _process;

    /// <summary>It has no process: the guest's number stands for it.</summary>
    public override int Pid => IsLaunched ? guest.Pid : 0;

    protected override bool IsLaunched => _process is not null;

    /// <inheritdoc/>
    public override bool Signal(int signal) => _process?.Signal(signal) ?? false;

    protected override async Task StartAsync(ProcessSpec process, CancellationToken cancellation)
    {
        if (await guest.ResolveAsync(process, cancellation) is not Entry.Wasm entry)
        {
            throw new SandboxException(
                $"'{process.Args[0]}' is a native program: this guest has no container that it could run in (isolation node or pod). "
                + "Exec '#export' of its module or another module of the image, or run the pod with isolation \"container\".",
                SandboxFault.FailedPrecondition);
        }

        try
        {
            var (terminal, ends) = HostedSandbox.OpenTerminal(_stdio);
            Terminal = terminal;
            using (ends.Input == _stdio.Input ? null : ends.Input)
            {
                _process = guest.BeginExec(entry, process, ends);
            }

            _ = EndAsync(_process);
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

    private async Task EndAsync(HostedProcess process)
    {
        await FollowAsync(process.Exit);
        process.Dispose();
    }
}
