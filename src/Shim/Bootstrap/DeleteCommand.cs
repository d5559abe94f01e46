using Google.Protobuf;
using Skiff.Linux;
using Skiff.Sandbox;
using Skiff.Shim.Protos;
using Skiff.Shim.Tasks;

namespace Skiff.Shim.Bootstrap;

/// <summary>
/// <c>delete</c>: containerd executes it at the end of every container's life, orderly or not, and waits. It removes what a dead
/// server left of this one container, and never touches a living server or another container.
/// </summary>
internal static class DeleteCommand
{
    /// <summary>
    /// containerd kills a <c>delete</c> after 5 s and then reports nothing sensible. When many run at once and ours cannot be
    /// finished before, it answers in time all the same; containerd's own removal of the bundle detaches the rootfs.
    /// </summary>
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(4);

    /// <summary>For the socket of a server that is ending besides; the rest of the 5 s is for our own start and end.</summary>
    private static readonly TimeSpan TimeInAll = TimeSpan.FromSeconds(4.8);

    /// <param name="sandboxFor">Bundle to the sandbox that can remove what is left in it; null when nothing is.</param>
    /// <returns>What stdout must say: a protobuf DeleteResponse.</returns>
    public static byte[] Run(
        ShimArguments arguments, string currentDirectory, Func<string, ISandbox?> sandboxFor, TimeProvider time, Action<string> warn)
    {
        var bundle = arguments.Bundle.Length > 0 ? arguments.Bundle : currentDirectory;
        if (arguments.Id.Length == 0)
        {
            throw new ShimException(ShimError.InvalidArgument, "delete needs the flag -id");
        }

        // Before anything is removed: another delete of the same container may take the bundle away meanwhile.
        var address = BundleFiles.TryReadAddress(bundle);
        var shim = BundleFiles.TryReadShimPid(bundle);
        var begun = time.GetTimestamp();
        try
        {
            if (sandboxFor(bundle) is { } sandbox)
            {
                RemoveTraces(sandbox, bundle, arguments.Id, warn);
            }
        }
        finally
        {
            // Of a server that lives nothing is removed, and it would take our connection for that of somebody who counts on its staying.
            var lives = shim is { } pid && ProcessIdentity.Lives(pid) == true;
            if (!lives && address is not null && ShimSocket.PathOf(address) is { } socket)
            {
                ShimSocket.RemoveDead(socket, TimeInAll - time.GetElapsedTime(begun));
            }
        }

        return new DeleteResponse { ExitStatus = ExitRecord.KilledStatus, ExitedAt = WireTime.Of(time.GetUtcNow()) }.ToByteArray();
    }

    private static void RemoveTraces(ISandbox sandbox, string bundle, string id, Action<string> warn)
    {
        using var limit = new CancellationTokenSource();
        var removal = sandbox.RemoveTracesAsync(bundle, id, limit.Token);
        if (removal.IsCompletedSuccessfully)
        {
            return;
        }

        limit.CancelAfter(TimeMax);
        try
        {
            removal.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            warn($"delete {id}: the time is over before all of {bundle} was removed: this node is removing many containers at once");
        }
    }
}
