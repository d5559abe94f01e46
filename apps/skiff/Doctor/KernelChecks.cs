using System.Globalization;

namespace Skiff.Cli.Doctor;

/// <summary>What the kernel offers: control groups, file systems, namespaces, limits.</summary>
internal static class KernelChecks
{
    private const string Groups = "control groups";

    /// <summary>What limits and figures of containers need, of either version.</summary>
    private static readonly string[] Needed = ["cpu", "memory", "pids"];

    private static readonly string[] NamespaceKinds = ["mnt", "net", "pid", "uts", "ipc"];

    public static IReadOnlyList<Finding> Look(NodeView node) =>
    [
        Release(node), .. ControlGroups(node), Overlay(node), .. Namespaces(node), MemoryMaps(node),
    ];

    private static Finding Release(NodeView node)
    {
        var release = node.Read("/proc/sys/kernel/osrelease")?.Trim() ?? "";
        var numbers = release.Split('.', '-').Select(word => int.TryParse(word, CultureInfo.InvariantCulture, out var number) ? number : 0).ToList();
        return numbers is [var major, var minor, ..] && (major, minor).CompareTo((5, 6)) >= 0
            ? Finding.Ok("kernel", release)
            : new Finding("kernel", Severity.Problem, $"kernel {release} is older than 5.6: it has no openat2, by which paths of images are held inside them", "boot a newer kernel");
    }

    private static IEnumerable<Finding> ControlGroups(NodeView node)
    {
        var mounts = (node.Read("/proc/self/mountinfo") ?? "").Split('\n').Where(line => line.Contains(" - cgroup", StringComparison.Ordinal)).ToList();
        var version1 = mounts.Where(line => line.Contains(" - cgroup ", StringComparison.Ordinal))
            .SelectMany(line => line[(line.LastIndexOf(' ') + 1)..].Split(',')).ToHashSet(StringComparer.Ordinal);
        var unified = mounts.Find(line => line.Contains(" - cgroup2 ", StringComparison.Ordinal))?.Split(' ')[4];
        var version2 = unified is null ? [] : (node.Read($"{unified}/cgroup.controllers") ?? "").Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        var lacking = Needed.Where(name => !version1.Contains(name) && !version2.Contains(name)).ToList();
        var layout = version1.Overlaps(Needed) ? unified is null ? "version 1" : "version 1, with version 2 beside it" : "version 2";
        yield return mounts.Count == 0
            ? new Finding(Groups, Severity.Problem, "none are mounted: containers can be neither limited nor counted", "mount -t cgroup2 none /sys/fs/cgroup, or boot with an init that does")
            : lacking.Count > 0 ? new Finding(Groups, Severity.Problem, $"{layout}, without the controllers {string.Join(", ", lacking)}", "enable them: cgroup_enable=memory on the kernel's command line, or mount them")
            : Finding.Ok(Groups, layout);

        // crun wants to make a group in every controller of version 1 that is in use, and fails over the first that it does not find
        // mounted as such: one with a hierarchy and no mount, or one that was left to version 2 where the others are version 1.
        var inUse = (node.Read("/proc/cgroups") ?? "").Split('\n').Where(line => !line.StartsWith('#'))
            .Select(line => line.Split('\t')).Where(fields => fields is [_, not "0", _, "1"]).Select(fields => fields[0]);
        if (version1.Overlaps(Needed) && inUse.Union(version2).Where(name => !version1.Contains(name)).ToList() is { Count: > 0 } stray)
        {
            var first = stray[0];
            yield return new Finding(
                Groups, Severity.Warning, $"in use but not mounted beside the others: {string.Join(", ", stray)}. crun refuses to work so, and Skiff takes the slower runc", $"mkdir -p /sys/fs/cgroup/{first} && mount -t cgroup -o {first} {first} /sys/fs/cgroup/{first}");
        }
    }

    private static Finding Overlay(NodeView node) =>
        (node.Read("/proc/filesystems") ?? "").Split('\n').Any(line => line.EndsWith("\toverlay", StringComparison.Ordinal))
            ? Finding.Ok("file systems", "overlay")
            : new Finding("file systems", Severity.Warning, "the kernel has no overlay (yet): containerd copies every image", "modprobe overlay");

    private static IEnumerable<Finding> Namespaces(NodeView node)
    {
        var missing = NamespaceKinds.Where(name => node.Link($"/proc/self/ns/{name}") is null).ToList();
        yield return missing.Count == 0
            ? Finding.Ok("namespaces", "mount, network, pid, uts, ipc")
            : new Finding("namespaces", Severity.Problem, $"the kernel has none of the kinds {string.Join(", ", missing)}", "boot a kernel with CONFIG_NAMESPACES and its parts");
        if (node.Read("/proc/sys/kernel/seccomp/actions_avail") is null)
        {
            yield return new Finding("seccomp", Severity.Warning, "the kernel has no seccomp filters: profiles of containers do nothing", "boot a kernel with CONFIG_SECCOMP_FILTER");
        }
    }

    private static Finding MemoryMaps(NodeView node)
    {
        const int Usual = 65530;
        return int.TryParse(node.Read("/proc/sys/vm/max_map_count"), CultureInfo.InvariantCulture, out var maps) && maps < Usual
            ? new Finding("memory maps", Severity.Warning, $"vm.max_map_count is {maps}: fewer requests run at once than Skiff's defaults allow", $"sysctl -w vm.max_map_count={Usual}")
            : Finding.Ok("memory maps", $"vm.max_map_count is {maps}");
    }
}
