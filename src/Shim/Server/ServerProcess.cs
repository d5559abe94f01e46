using Skiff.Linux;

namespace Skiff.Shim.Server;

/// <summary>What makes a daemon of the process. Done beside the first calls: none of it is needed to answer them.</summary>
internal static class ServerProcess
{
    public static void Settle(ShimLog log)
    {
        // The bundle that it was started in must not be held.
        Directory.SetCurrentDirectory("/");
        try
        {
            // We have inherited containerd's score; one more, so that under pressure the kernel takes a shim before containerd.
            OomScore.SetSelf((OomScore.TryRead(Environment.ProcessId) ?? 0) + 1);
            ResourceLimits.RaiseOpenFiles();
        }
        catch (LinuxException failure)
        {
            log.Error("the server goes on with the limits and the OOM score it was started with", failure);
        }
    }
}
