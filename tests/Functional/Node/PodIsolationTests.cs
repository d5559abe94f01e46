using Skiff.Harness;
using Skiff.Harness.Cri;

namespace Skiff.Functional.Node;

/// <summary>Isolation pod: the guests of a pod share a process, and two pods share none.</summary>
public sealed class PodIsolationTests(Nodes nodes) : NodeTest(nodes)
{
    private static readonly PodRequest Request = new() { Handler = "skiffpod", HostNetwork = false };

    [Theory, OnContainerd]
    public async Task Guests_of_a_pod_share_a_process_and_its_end_is_theirs_alone(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, Request);
        await using var other = await Pod.RunAsync(node, Request);
        var first = await pod.StartAsync(["/toolbox.wasm", "sleep", "3600"]);
        var second = await pod.StartAsync(["/toolbox.wasm", "sleep", "3600"]);
        var neighbour = await other.StartAsync(["/toolbox.wasm", "sleep", "3600"]);

        var server = await NodeServers.PidOfAsync(first.Id);
        Assert.Equal(server, await NodeServers.PidOfAsync(second.Id));
        Assert.NotEqual(server, await NodeServers.PidOfAsync(neighbour.Id));
        var host = Assert.Single(NodeServers.HostsOf(server));

        Signals.Send(host, Signals.Kill);

        Assert.Equal(137, (await first.EndAsync()).ExitCode);
        Assert.Equal(137, (await second.EndAsync()).ExitCode);
        Assert.Equal("hello from C\n", (await neighbour.ExecAsync("/toolbox.wasm", "hello")).Stdout.ToStringUtf8());
    }

    [Theory, OnContainerd]
    public async Task A_service_answers_at_its_pods_address_beside_a_native_neighbour(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, Request);
        await pod.StartAsync(["/http.wasm"]);
        var native = await pod.StartAsync(["/bin/native-sleep"]);
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        var address = (await pod.StatusAsync()).Network.Ip;

        Assert.Equal("Hello, world!", await Answers.FirstAsync(client, $"http://{address}:8080/"));
        Assert.Equal(ContainerState.ContainerRunning, (await native.StatusAsync()).State);
    }
}
