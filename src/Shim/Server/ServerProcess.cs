using Skiff.Linux;

namespace Skiff.Shim.Server;

/// <summary>What makes a daemon of the process. Done beside the first calls: none of it is needed to answer them.</summary>
internal static class ServerProcess
{
    /// <summary>
    /// The control group of the node's server and its guest hosts: in containerd's they would count as containerd's, and a unit manager
    /// that ends all of containerd's group would end all pods.
    /// </summary>
    private const string Group = "/skiff";

    /// <param name="node">It serves all pods of the node.</param>
    public static void Settle(ShimLog log, bool node)
    {
        // The bundle that it was started in must not be held.
        Directory.SetCurrentDirectory("/");
        try
        {
            // We have inherited containerd's score; one more, so that under pressure the kernel takes a shim before containerd.
            OomScore.SetSelf((OomScore.TryRead(Environment.ProcessId) ?? 0) + 1);
            ResourceLimits.RaiseOpenFiles();
            if (node)
            {
                log.Info($"{ShimVersion.Version} {ShimVersion.Revision} serves the pods of this node, as process {Environment.ProcessId}");
                ControlGroup.OfUsageAt(Group).Enter();
            }
        }
        catch (Exception failure) when (failure is LinuxException or IOException or UnauthorizedAccessException)
        {
            log.Error("the server goes on with the limits, the OOM score and the control group it was started with", failure);
        }
    }
}
