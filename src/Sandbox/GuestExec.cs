using Skiff.Linux;
using Skiff.Oci;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>A further process of a guest, wherever the guest lives.</summary>
internal abstract class GuestExec(ReadOnlyMemory<byte> processJson, GuestStdio stdio, TimeProvider time) : IGuestProcess
{
    /// <summary>What a shell answers for a program that it cannot execute.</summary>
    private const int ExitOfFailedStart = 126;

    private readonly TaskCompletionSource<ProcessExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public abstract int Pid { get; }

    public Task<ProcessExit> Exit => _exit.Task;

    public Terminal? Terminal { get; protected set; }

    /// <summary>Whether there is something whose end will be told by <see cref="FollowAsync"/>.</summary>
    protected abstract bool IsLaunched { get; }

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            await StartAsync(ProcessSpec.Parse(processJson.Span), cancellation);
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
            if (!IsLaunched)
            {
                _exit.TrySetResult(new ProcessExit(ExitOfFailedStart, time.GetUtcNow()));
            }

            stdio.Dispose();
        }
    }

    /// <inheritdoc/>
    public abstract bool Signal(int signal);

    protected abstract Task StartAsync(ProcessSpec process, CancellationToken cancellation);

    /// <summary>Its end is this one's.</summary>
    protected async Task FollowAsync(Task<ProcessExit> end) => _exit.TrySetResult(await end);
}
