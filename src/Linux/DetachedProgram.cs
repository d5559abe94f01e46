namespace Skiff.Linux;

/// <summary>Starts a program that outlives its starter, for programs too short-lived to have a <see cref="ChildReaper"/>.</summary>
public static class DetachedProgram
{
    /// <returns>Its pid. Nobody waits for it: when the starter is gone, the nearest subreaper does.</returns>
    /// <exception cref="LinuxException">It cannot be executed; the message names it.</exception>
    public static int Start(SpawnRequest request) => PosixSpawn.Start(request);
}
