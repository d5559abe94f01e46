using System.Text.Json;
using Skiff.Cli.Commands;
using Skiff.Cli.Doctor;

namespace Skiff.Cli.Tests;

/// <summary>On recorded files of nodes of several kinds.</summary>
public sealed class DoctorTests : IDisposable
{
    private const string Version1 =
        """
        30 24 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
        31 24 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        32 24 0:28 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids

        """;

    private const string Version2 = "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";

    private const string Runtime =
        """
        version = 3
        [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.skiff]
          runtime_type = "io.containerd.skiff.v1"
        """;

    private readonly string _root = Directory.CreateTempSubdirectory("skiff-node-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_usual_kernel_is_fine()
    {
        Kernel("6.1.0-13-amd64", Version2, "cpu io memory pids\n");
        Assert.All(KernelChecks.Look(Node), finding => Assert.Equal(Severity.Ok, finding.Severity));
    }

    [Fact]
    public void An_old_kernel_without_memory_controller_and_overlay_is_named()
    {
        Kernel("5.4.0-generic", Version2, "cpu io pids\n");
        Write("/proc/filesystems", "nodev\tproc\n");
        Write("/proc/sys/vm/max_map_count", "1024\n");
        var found = KernelChecks.Look(Node);
        Assert.Contains("5.6", Single(found, "kernel", Severity.Problem).Text, StringComparison.Ordinal);
        Assert.EndsWith("without the controllers memory", Single(found, "control groups", Severity.Problem).Text, StringComparison.Ordinal);
        Assert.Equal("modprobe overlay", Single(found, "file systems", Severity.Warning).Fix);
        Assert.Equal("sysctl -w vm.max_map_count=65530", Single(found, "memory maps", Severity.Warning).Fix);
    }

    [Theory]
    [InlineData("hugetlb\t0\t1\t1\n", "hugetlb\n")]
    [InlineData("hugetlb\t10\t1\t1\n", "")]
    public void A_controller_that_crun_stumbles_over_is_named_with_the_mount_that_helps(string cgroups, string unified)
    {
        Kernel("6.18.0", Version1 + "33 24 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", "");
        Write("/sys/fs/cgroup/unified/cgroup.controllers", unified);
        Write("/proc/cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\nnet_cls\t0\t1\t1\n" + cgroups);
        var stray = Single(KernelChecks.Look(Node), "control groups", Severity.Warning);
        Assert.Equal("mkdir -p /sys/fs/cgroup/hugetlb && mount -t cgroup -o hugetlb hugetlb /sys/fs/cgroup/hugetlb", stray.Fix);
        Assert.Contains(": hugetlb.", stray.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 2, 1, Severity.Warning, "is not there")]
    [InlineData("version = [", 2, 1, Severity.Problem, "not valid TOML")]
    [InlineData("""disabled_plugins = ["cri"]""", 2, 1, Severity.Warning, "disables")]
    [InlineData("version = 3", 2, 1, Severity.Warning, "no runtime")]
    [InlineData(Runtime, 2, 1, Severity.Ok, "runtime skiff")]
    [InlineData(Runtime + "\nsandboxer = \"shim\"\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.skiff.options]\nisolation = \"pod\"", 2, 1, Severity.Problem, "sandboxer")]
    [InlineData(Runtime + "\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.skiff.options]\nisolation = \"pod\"", 1, 6, Severity.Problem, "isolation")]
    [InlineData(Runtime + "\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.skiff.options]\nConfigPath = \"/etc/skiff.toml\"", 1, 6, Severity.Ok, "runtime skiff")]
    public void What_containerds_configuration_says_of_Skiff_is_judged(string? text, int major, int minor, object severity, string word)
    {
        var found = ContainerdConfigCheck.Look(text, "/etc/containerd/config.toml", major, minor);
        Assert.Contains(found, finding => finding.Severity == (Severity)severity && finding.Text.Contains(word, StringComparison.Ordinal));
        Assert.All(found, finding => Assert.Equal(finding.Severity == Severity.Ok, finding.Fix is null));
    }

    [Fact]
    public async Task A_containerd_that_runs_is_asked_for_its_version_its_limits_and_the_shims_that_it_finds()
    {
        Program("/opt/bin/containerd", "echo containerd github.com/containerd/containerd 1.7.24 abc");
        Program("/opt/bin/containerd-shim-skiff-v1", "printf 'x:\\n  Version:  0.1.0\\n  Revision: abc\\n'");
        Write("/opt/lib/skiff/skiff", "");
        Write("/etc/c.toml", Runtime);
        Write("/proc/7/comm", "containerd\n");
        Write("/proc/7/environ", "A=1\0PATH=relative:/opt/bin\0");
        Write("/proc/7/cmdline", "containerd\0--config\0/etc/c.toml\0");
        Write("/proc/7/limits", "Max open files            1024                 4096                 files     \n");
        File.CreateSymbolicLink(Path.Combine(_root, "proc/7/exe"), "/opt/bin/containerd");
        Write("/proc/8/comm", "bash\n");

        var found = await ContainerdChecks.LookAsync(Node);

        Assert.Contains("1.7.24", Single(found, "containerd", Severity.Ok).Text, StringComparison.Ordinal);
        Assert.Equal("/opt/bin/containerd-shim-skiff-v1", Single(found, "shim", Severity.Ok).Text);
        Assert.Equal(3, found.Count(finding => finding is { Check: "shim", Severity: Severity.Warning }));
        Assert.Contains("lacks libwasmtime.so", Single(found, "run program", Severity.Problem).Text, StringComparison.Ordinal);
        Assert.Contains("4096", Single(found, "open files", Severity.Warning).Text, StringComparison.Ordinal);

        Program("/opt/bin/containerd-shim-skiffnode-v1", "printf 'x:\\n  Version:  0.2.0\\n  Revision: def\\n'");
        var mixed = Assert.Single(await ContainerdChecks.LookAsync(Node), finding => finding.Text.Contains("another version", StringComparison.Ordinal));
        Assert.Contains("Revision: def", mixed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_without_anything_is_not_ready_and_says_what_to_install()
    {
        Directory.CreateDirectory(Path.Combine(_root, "proc"));
        var found = await DoctorCommand.LookAsync(Node, "/cache", "/sockets");
        Assert.Contains("install containerd", Single(found, "containerd", Severity.Problem).Fix, StringComparison.Ordinal);
        Assert.Contains("crun", Single(found, "OCI runtime", Severity.Problem).Fix, StringComparison.Ordinal);
        Assert.Contains("not ready: ", DoctorCommand.Report(found), StringComparison.Ordinal);
        Assert.Equal("ok", JsonDocument.Parse(JsonSerializer.Serialize([Finding.Ok("a", "b")], FindingJson.Default.IReadOnlyListFinding)).RootElement[0].GetProperty("severity").GetString());
    }

    [Fact]
    public async Task A_cache_that_others_can_write_is_a_problem()
    {
        Directory.CreateDirectory(Path.Combine(_root, "proc"));
        var cache = Directory.CreateDirectory(Path.Combine(_root, "cache"));
        File.SetUnixFileMode(cache.FullName, cache.UnixFileMode | UnixFileMode.OtherWrite);
        var found = await SkiffChecks.LookAsync(Node, "/cache", "/sockets");
        Assert.Contains("chmod go-w /cache", Single(found, "cache", Severity.Problem).Fix, StringComparison.Ordinal);
    }

    private NodeView Node => new(SkiffProgram.Reaper, _root);

    private static Finding Single(IReadOnlyList<Finding> findings, string check, Severity severity) =>
        Assert.Single(findings, finding => finding.Check == check && finding.Severity == severity);

    private void Kernel(string release, string mounts, string controllers)
    {
        Write("/proc/sys/kernel/osrelease", release + "\n");
        Write("/proc/self/mountinfo", mounts);
        Write("/sys/fs/cgroup/cgroup.controllers", controllers);
        Write("/proc/cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\n");
        Write("/proc/filesystems", "nodev\tproc\nnodev\toverlay\n");
        Write("/proc/sys/vm/max_map_count", "65530\n");
        Write("/proc/sys/kernel/seccomp/actions_avail", "kill\n");
        Directory.CreateDirectory(Path.Combine(_root, "proc/self/ns"));
        foreach (var name in new[] { "mnt", "net", "pid", "uts", "ipc" })
        {
            File.CreateSymbolicLink(Path.Combine(_root, $"proc/self/ns/{name}"), $"{name}:[1]");
        }
    }

    private void Program(string path, string command)
    {
        Write(path, $"#!/bin/sh\n{command}\n");
        File.SetUnixFileMode(_root + path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root + path)!);
        File.WriteAllText(_root + path, text);
    }
}
