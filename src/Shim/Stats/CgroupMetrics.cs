using Skiff.Linux;

namespace Skiff.Shim.Stats;

/// <summary>What Stats answers: the figures of a task's own control group, in the message of the kernel's cgroup version.</summary>
internal static class CgroupMetrics
{
    public static TypedBytes Of(ControlGroup group) => group.IsUnified ? CgroupV2.Read(new CgroupFiles(group.TryRead)) : CgroupV1.Read(new CgroupFiles(group.TryRead));
}
