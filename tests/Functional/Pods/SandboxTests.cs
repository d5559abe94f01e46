using Skiff.Harness;
using Skiff.Harness.Cri;

namespace Skiff.Functional.Pods;

/// <summary>
/// Pods of containerd 2: task API 3, and the Sandbox API where no pause container is needed. containerd 2.0 to 2.2 itself
/// ends when a pod on the host network asks for that, so those pods have networks of their own.
/// </summary>
public sealed class SandboxTests(Nodes nodes) : NodeTest(nodes)
{
    [Theory, OnContainerd("2.1")]
    public async Task A_pod_of_task_API_3_runs_and_stops(string version) =>
        await LiveAsync(version, new PodRequest { Handler = "skiffthree" });

    [Theory, OnContainerd("2.1")]
    public async Task A_pod_without_a_pause_container_runs_and_stops(string version) =>
        await LiveAsync(version, new PodRequest { Handler = "skiffsandbox", HostNetwork = false });

    [Theory, OnContainerd("2.1")]
    public async Task A_pod_without_a_pause_container_has_no_further_process(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, new PodRequest { Handler = "skiffsandbox", HostNetwork = false });

        Assert.DoesNotContain(Leaks.Processes(node), process => process.Contains("/pause", StringComparison.Ordinal));
        Assert.StartsWith("10.222.", (await pod.StatusAsync()).Network.Ip, StringComparison.Ordinal);
    }

    [Theory, OnContainerd("2.1")]
    public async Task A_pod_without_a_pause_container_survives_a_restart(string version)
    {
        await using var node = await OwnNodeAsync(version);
        await using var pod = await Pod.RunAsync(node, new PodRequest { Handler = "skiffsandbox", HostNetwork = false });
        var container = await pod.StartAsync(["/toolbox.wasm", "tick", "0.05"]);
        await container.LogsAsync("tick 2");

        await node.RestartAsync();

        Assert.Equal(ContainerState.ContainerRunning, (await container.StatusAsync()).State);
        await container.StopAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(143, (await container.StatusAsync()).ExitCode);
    }

    private async Task LiveAsync(string version, PodRequest request)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, request);
        var sleeper = await pod.StartAsync(["/toolbox.wasm", "sleep", "3600"]);
        var native = await pod.StartAsync(["/bin/native-sleep"]);
        await sleeper.LogsAsync("sleeping");
        await native.LogsAsync("sleeping");

        Assert.Equal(5, (await sleeper.ExecAsync("/toolbox.wasm", "exit", "5")).ExitCode);
        Assert.True((await sleeper.StatsAsync()).Memory.WorkingSetBytes.Value > 0);
        await sleeper.StopAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(143, (await sleeper.StatusAsync()).ExitCode);
        await sleeper.RemoveAsync();
        Assert.Equal(ContainerState.ContainerRunning, (await native.StatusAsync()).State);
    }
}
