namespace Skiff.Linux;

/// <summary>
/// A process's control groups, in whichever of the kernel's layouts the node has: v1 (one hierarchy a controller), v2
/// (unified), or both (hybrid). Reads only: crun and runc make, limit and remove them.
/// </summary>
public sealed class ControlGroup
{
    /// <summary>The groups that <paramref name="pid"/> is in now (/proc/PID/cgroup), found through the mounts of this node.</summary>
    public static ControlGroup OfProcess(int pid) => throw new NotImplementedException();

    /// <summary>For tests on recorded files: <paramref name="mountRoot"/> stands for /sys/fs/cgroup, <paramref name="procCgroup"/> for /proc/PID/cgroup, <paramref name="mountInfo"/> for /proc/self/mountinfo.</summary>
    internal static ControlGroup Parse(string procCgroup, string mountInfo, string mountRoot) => throw new NotImplementedException();

    /// <summary>True when memory and cpu are v2 controllers.</summary>
    public bool IsUnified => throw new NotImplementedException();

    /// <summary>All processes in the group and the groups below it.</summary>
    public IReadOnlyList<int> Processes() => throw new NotImplementedException();

    /// <summary>Sends SIGKILL to all of <see cref="Processes"/> (cgroup.kill where the kernel has it) until none is left or the time is over.</summary>
    public Task<bool> KillAllAsync(TimeSpan within) => throw new NotImplementedException();

    /// <summary>How often the OOM killer has struck in this group (memory.oom_control or memory.events); 0 where it cannot be read.</summary>
    public long OomKills() => throw new NotImplementedException();

    /// <summary>Waits until <see cref="OomKills"/> has grown or the group is gone (false).</summary>
    public Task<bool> WaitForOomAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Files of the group by controller, e.g. ("memory", "memory.usage_in_bytes"); null when missing. For the metrics.</summary>
    public string? TryRead(string controller, string file) => throw new NotImplementedException();
}
