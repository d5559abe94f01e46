using Skiff.Harness;

namespace Skiff.Functional;

/// <summary>The harness itself, proven with containerd's own shim: when these fail, no other result means anything.</summary>
public sealed class HarnessTests(Nodes nodes) : NodeTest(nodes)
{
    [Theory, OnContainerd]
    public async Task A_native_container_runs_under_the_runc_shim(string version)
    {
        var node = await NodeAsync(version);

        var result = await node.Ctr.RunGuestAsync(null, ["/bin/native-hello", "7"], Ctr.Runc);

        Assert.Equal("hello from native code\n", result.Output);
        Assert.Equal(7, result.ExitCode);
    }

    [Theory, OnContainerd]
    public async Task A_task_is_driven_over_the_api_of_the_runc_shim(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/bin/native-sleep"], "sleeping", Ctr.Runc);

        Assert.Single(await task.PidsAsync());
        await task.KillAsync(Signals.Terminate);

        Assert.Equal(143u, await task.WaitAsync());
        Assert.NotEmpty(Leaks.Find(node));
    }

    [Theory, OnContainerd]
    public async Task A_pod_with_a_native_container_runs_under_the_runc_shim(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, new PodRequest { Handler = "runc", HostNetwork = false });

        var container = await pod.StartAsync(["/bin/sidecar", "interfaces"]);

        Assert.Equal(0, (await container.EndAsync()).ExitCode);
        await container.LogsAsync("eth0");
        Assert.StartsWith("10.222.", (await pod.StatusAsync()).Network.Ip, StringComparison.Ordinal);
    }
}
