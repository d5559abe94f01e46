using System.Diagnostics;
using Skiff.Harness;
using Skiff.Harness.Cri;

namespace Skiff.Functional.Pods;

/// <summary>Pods as a kubelet makes them, over the CRI.</summary>
public sealed class PodTests(Nodes nodes) : NodeTest(nodes)
{
    [Theory, OnContainerd]
    public async Task A_pod_runs_a_Wasm_container_to_its_end(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node);

        var container = await pod.StartAsync(["/toolbox.wasm", "exit", "7"]);
        var status = await container.EndAsync();

        Assert.Equal(7, status.ExitCode);
        Assert.Equal("Error", status.Reason);
        Assert.Equal(PodSandboxState.SandboxReady, (await pod.StatusAsync()).State);
    }

    [Theory, OnContainerd]
    public async Task Log_lines_have_time_stream_and_tag(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node);

        var talker = await pod.StartAsync(["/toolbox.wasm", "tick", "0", "100"]);
        var warner = await pod.StartAsync(["/toolbox.wasm", "warn", "careful"]);
        await talker.EndAsync();
        await warner.EndAsync();

        await talker.LogsAsync("tick 99\n");
        var lines = talker.Log().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(100, lines.Length);
        Assert.All(lines, line => Assert.Matches(@"^\d{4}-\d\d-\d\dT\S+ stdout F tick \d+$", line));
        await warner.LogsAsync(" stderr F careful\n");
    }

    [Theory, OnContainerd]
    public async Task Environment_arguments_and_directory_arrive(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node);

        var container = await pod.StartAsync(["/toolbox.wasm", "env"], config =>
        {
            config.Envs.Add(new KeyValue { Key = "COLOUR", Value = "blue" });
            config.WorkingDir = "/data";
        });

        Assert.Equal(0, (await container.EndAsync()).ExitCode);
        await container.LogsAsync("COLOUR=blue");
    }

    [Theory, OnContainerd]
    public async Task Two_Wasm_containers_and_a_native_neighbour_live_in_one_pod_under_one_server(string version)
    {
        Assert.SkipWhen(Repository.IsNode, "the server is that of all pods");
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node);

        var first = await pod.StartAsync(["/toolbox.wasm", "tick", "0.05"]);
        var second = await pod.StartAsync(["/toolbox.wasm", "sleep", "3600"]);
        var native = await pod.StartAsync(["/bin/native-sleep"]);
        await first.LogsAsync("tick 2");
        await second.LogsAsync("sleeping");
        await native.LogsAsync("sleeping");
        Assert.Single(Leaks.Processes(node), process => process.Contains("containerd-shim", StringComparison.Ordinal));

        await first.StopAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(ContainerState.ContainerRunning, (await second.StatusAsync()).State);
        Assert.Equal(ContainerState.ContainerRunning, (await native.StatusAsync()).State);
        await first.RemoveAsync();
        Assert.Equal(0, (await second.ExecAsync("/toolbox.wasm", "exit", "0")).ExitCode);
    }

    [Theory, OnContainerd]
    public async Task A_pod_has_a_network_of_its_own(string version)
    {
        var node = await NodeAsync(version);
        var before = Namespaces();
        await using (var pod = await Pod.RunAsync(node, new PodRequest { HostNetwork = false }))
        {
            var native = await pod.StartAsync(["/bin/sidecar", "interfaces"]);
            var wasm = await pod.StartAsync(["/toolbox.wasm", "hello"]);

            Assert.Equal(0, (await native.EndAsync()).ExitCode);
            Assert.Equal(0, (await wasm.EndAsync()).ExitCode);
            await native.LogsAsync("eth0");
            Assert.StartsWith("10.222.", (await pod.StatusAsync()).Network.Ip, StringComparison.Ordinal);
        }

        Assert.Equal(before, Namespaces());
    }

    [Theory, OnContainerd]
    public async Task A_pod_on_the_host_network_sees_the_hosts_interfaces(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node);

        var native = await pod.StartAsync(["/bin/sidecar", "interfaces"]);

        Assert.Equal(0, (await native.EndAsync()).ExitCode);
        foreach (var name in Directory.EnumerateDirectories("/sys/class/net").Select(Path.GetFileName))
        {
            await native.LogsAsync($"F {name}\n");
        }
    }

    [Theory, OnContainerd]
    public async Task Stop_within_the_grace_takes_no_two_seconds(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node);
        foreach (var command in new string[][] { ["/loop.wat"], ["/toolbox.wasm", "sleep", "3600"] })
        {
            var container = await pod.StartAsync(command);
            var watch = Stopwatch.StartNew();

            await container.StopAsync(TimeSpan.FromSeconds(30));

            Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
            Assert.Equal(143, (await container.StatusAsync()).ExitCode);
        }
    }

    [Theory, OnContainerd]
    public async Task Stop_without_grace_kills(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node);
        var container = await pod.StartAsync(["/toolbox.wasm", "sleep", "3600"]);
        await container.LogsAsync("sleeping");

        await container.StopAsync(TimeSpan.Zero);

        Assert.Equal(137, (await container.StatusAsync()).ExitCode);
    }

    [Theory, OnContainerd]
    public async Task A_probe_of_type_exec_gets_its_exit_code_and_output(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node);
        var container = await pod.StartAsync(["/toolbox.wasm", "sleep", "3600"], config => config.Envs.Add(new KeyValue { Key = "A", Value = "b" }));

        var good = await container.ExecAsync("/toolbox.wasm", "env");
        var bad = await container.ExecAsync("/toolbox.wasm", "exit", "3");

        Assert.Equal(0, good.ExitCode);
        Assert.Contains("A=b\n", good.Stdout.ToStringUtf8(), StringComparison.Ordinal);
        Assert.Equal(3, bad.ExitCode);
    }

    [Theory, OnContainerd]
    public async Task Stats_are_those_of_the_container(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node);
        var container = await pod.StartAsync(["/loop.wat"]);

        var first = await container.StatsAsync();
        await Eventually.BecomesTrueAsync(
            async () => (await container.StatsAsync()).Cpu.UsageCoreNanoSeconds.Value > first.Cpu.UsageCoreNanoSeconds.Value + 20_000_000,
            "processor time of an endless loop grows");

        Assert.True((await container.StatsAsync()).Memory.WorkingSetBytes.Value > 0);
    }

    [Theory, OnContainerd]
    public async Task Updated_limits_reach_the_control_group(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node);
        var container = await pod.StartAsync(["/toolbox.wasm", "sleep", "3600"]);

        await container.UpdateAsync(new LinuxContainerResources { CpuPeriod = 100_000, CpuQuota = 50_000, MemoryLimitInBytes = 256 << 20 });

        var limit = Directory.EnumerateFiles($"/sys/fs/cgroup/memory/{node.Namespace}", "memory.limit_in_bytes", SearchOption.AllDirectories)
            .First(path => path.Contains(container.Id, StringComparison.Ordinal));
        Assert.Equal($"{256 << 20}", File.ReadAllText(limit).Trim());
    }

    [Theory, OnContainerd]
    public async Task A_guest_over_its_memory_limit_is_reported_as_OOMKilled(string version)
    {
        Assert.SkipWhen(Repository.IsNode, "in a shared process memory.grow is refused, and the guest decides what comes of it (docs/decisions/0012)");
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node);
        var neighbour = await pod.StartAsync(["/toolbox.wasm", "sleep", "3600"]);

        var container = await pod.StartAsync(
            ["/toolbox.wasm", "hold", "500"], config => config.Linux.Resources.MemoryLimitInBytes = 64 << 20);
        await container.EndAsync();
        await Eventually.BecomesTrueAsync(async () => (await container.StatusAsync()).Reason == "OOMKilled", "the reason is OOMKilled");

        Assert.Equal(137, (await container.StatusAsync()).ExitCode);
        Assert.Equal(ContainerState.ContainerRunning, (await neighbour.StatusAsync()).State);
    }

    [Theory, OnContainerd]
    public async Task A_volume_is_mounted_as_writable_as_it_was_asked_for(string version)
    {
        var node = await NodeAsync(version);
        var volume = Directory.CreateTempSubdirectory("skfv").FullName;
        try
        {
            await using var pod = await Pod.RunAsync(node);
            var writer = await pod.StartAsync(
                ["/toolbox.wasm", "write", "/volume/a", "b"],
                config => config.Mounts.Add(new Mount { ContainerPath = "/volume", HostPath = volume }));
            Assert.Equal(0, (await writer.EndAsync()).ExitCode);
            var reader = await pod.StartAsync(
                ["/toolbox.wasm", "write", "/volume/c", "d"],
                config => config.Mounts.Add(new Mount { ContainerPath = "/volume", HostPath = volume, Readonly = true }));
            Assert.Equal(1, (await reader.EndAsync()).ExitCode);

            Assert.Equal(["a"], Directory.EnumerateFiles(volume).Select(Path.GetFileName));
        }
        finally
        {
            Directory.Delete(volume, recursive: true);
        }
    }

    [Theory, OnContainerd]
    public async Task A_guest_runs_as_an_ordinary_user_on_a_read_only_root(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node);

        var container = await pod.StartAsync(["/toolbox.wasm", "hello"], config =>
        {
            config.Linux.SecurityContext.RunAsUser = new Int64Value { Value = 1000 };
            config.Linux.SecurityContext.ReadonlyRootfs = true;
        });

        Assert.Equal(0, (await container.EndAsync()).ExitCode);
        await container.LogsAsync("hello from C");
    }

    [Theory, OnContainerd]
    public async Task A_pod_runs_on_runc_where_the_options_say_so(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, new PodRequest { Handler = "skiffrunc" });

        var container = await pod.StartAsync(["/toolbox.wasm", "hello"]);

        Assert.Equal(0, (await container.EndAsync()).ExitCode);
        await container.LogsAsync("hello from C");
    }

    [Theory, OnContainerd]
    public async Task A_pod_whose_server_was_killed_is_stopped_and_removed(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node);
        var container = await pod.StartAsync(["/toolbox.wasm", "sleep", "3600"]);
        await container.LogsAsync("sleeping");

        foreach (var pid in Leaks.Pids(node).Where(IsShimOfPods).ToList())
        {
            Signals.Send(pid, Signals.Kill);
        }

        // containerd's CRI says 255 where the connection broke before the exit was known.
        Assert.Contains((await container.EndAsync()).ExitCode, new[] { 137, 255 });
        await pod.StopAsync();
        await pod.RemoveAsync();
    }

    // An idle server of another namespace has no container whose delete would remove its socket.
    private static bool IsShimOfPods(int pid) =>
        File.ReadAllText($"/proc/{pid}/cmdline") is var command
        && command.Contains("containerd-shim", StringComparison.Ordinal) && command.Contains("\0k8s.io\0", StringComparison.Ordinal);

    private static string[] Namespaces() =>
        Directory.Exists("/run/netns") ? [.. Directory.EnumerateFiles("/run/netns").Order(StringComparer.Ordinal)] : [];
}
