using System.Text.Json.Nodes;
using Skiff.Harness;

namespace Skiff.Functional.Node;

/// <summary>Isolation node: one server for all pods, and guests in processes that they share.</summary>
public sealed class NodeTests(Nodes nodes) : NodeTest(nodes), IDisposable
{
    private static readonly PodRequest OwnNetwork = new() { HostNetwork = false, Handler = "skiffnode" };

    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(20) };

    public void Dispose() => _client.Dispose();

    [Theory, OnContainerd]
    public async Task Containers_share_one_server_and_one_guest_host(string version)
    {
        var node = await NodeAsync(version);
        await using var first = await NodeServers.SleeperAsync(node);
        await using var second = await NodeServers.SleeperAsync(node);

        var (server, guests) = await ServerAsync(node);

        Assert.Equal([first.Id, second.Id], guests);
        Assert.Single(NodeServers.HostsOf(server));

        // The end of one is none of the other's.
        await first.KillAsync(Signals.Terminate);
        Assert.Equal(143u, await first.WaitAsync());
        await first.DeleteAsync();
        Assert.Equal("hello from C\n", (await second.RunExecAsync("/toolbox.wasm", "hello")).Output);
    }

    [Theory, OnContainerd]
    public async Task A_containers_number_is_in_namespaces_and_a_control_group_of_its_own(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await NodeServers.SleeperAsync(node);
        var pid = Assert.Single(await task.PidsAsync());

        Assert.NotEqual(Link("/proc/self/ns/net"), Link($"/proc/{pid}/ns/net"));
        Assert.Contains($"/{node.Namespace}/{task.Id}", await File.ReadAllTextAsync($"/proc/{pid}/cgroup", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains("toolbox.wasm", Directory.EnumerateFiles($"/proc/{pid}/root").Select(Path.GetFileName));
        Assert.DoesNotContain(task.Bundle, await File.ReadAllTextAsync("/proc/self/mountinfo", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory, OnContainerd]
    public async Task The_end_of_a_guest_host_is_that_of_its_guests_and_of_nothing_else(string version)
    {
        var node = await NodeAsync(version);
        await using var first = await NodeServers.SleeperAsync(node);
        await using var second = await NodeServers.SleeperAsync(node);
        var (server, _) = await ServerAsync(node);

        Signals.Send(NodeServers.HostsOf(server).Single(), Signals.Kill);

        Assert.Equal(137u, await first.WaitAsync(deadline: TimeSpan.FromSeconds(5)));
        Assert.Equal(137u, await second.WaitAsync(deadline: TimeSpan.FromSeconds(5)));
        Assert.True(Signals.IsAlive(server));
        await using var third = await NodeServers.SleeperAsync(node);
    }

    /// <summary><c>SKIFF_CONTAINERS=1000</c> for the whole of it: five minutes a containerd.</summary>
    [Theory, OnContainerd]
    public async Task The_end_of_the_server_leaves_nothing_of_a_hundred_containers_and_all_can_start_again(string version)
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("SKIFF_CONTAINERS") ?? "100", System.Globalization.CultureInfo.InvariantCulture);
        await using var node = await OwnNodeAsync(version);
        var tasks = new List<TestTask>();
        try
        {
            for (var i = 0; i < count; i += 4)
            {
                tasks.AddRange(await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => NodeServers.SleeperAsync(node))));
            }

            var (server, guests) = await ServerAsync(node);
            Assert.Equal(count, guests.Count);
            await using var events = await EventLog.StartAsync(node);
            var start = TimeProvider.System.GetTimestamp();
            Signals.Send(server, Signals.Kill);

            await Leaks.RequireNoneAsync(node, TimeSpan.FromSeconds(30));
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{count} containers were cleared after {TimeProvider.System.GetElapsedTime(start).TotalSeconds:0.0} s");
            foreach (var task in tasks)
            {
                await events.HoldsAsync(task.Id, "/tasks/exit");
            }

            await using var again = await NodeServers.SleeperAsync(node);
        }
        finally
        {
            foreach (var task in tasks)
            {
                await task.DisposeAsync();
            }
        }
    }

    [Theory, OnContainerd]
    public async Task A_restart_of_containerd_keeps_every_container_and_its_exit_status(string version)
    {
        Assert.SkipWhen(version == "1.6", "containerd 1.6 restores tasks without asking the shim");
        await using var node = await OwnNodeAsync(version);
        await using var first = await NodeServers.SleeperAsync(node);
        await using var second = await NodeServers.SleeperAsync(node);

        await node.StopAsync();
        await node.StartAsync();

        Assert.Equal("hello from C\n", (await first.RunExecAsync("/toolbox.wasm", "hello")).Output);
        await first.KillAsync(Signals.Terminate);
        Assert.Equal(143u, await first.WaitAsync());
        Assert.Equal(143u, (await first.DeleteAsync()).ExitStatus);
    }

    [Theory, OnContainerd]
    public async Task Each_pod_answers_at_its_own_address_only(string version)
    {
        var node = await NodeAsync(version);
        await using var one = await Pod.RunAsync(node, OwnNetwork);
        await using var other = await Pod.RunAsync(node, OwnNetwork);
        var served = await one.StartAsync(["/http.wasm"]);
        await other.StartAsync(["/http.wasm"]);

        Assert.Equal("Hello, world!", await AnswerAsync($"http://{await AddressAsync(one)}:8080/"));
        Assert.Equal("Hello, world!", await AnswerAsync($"http://{await AddressAsync(other)}:8080/"));
        await Assert.ThrowsAsync<HttpRequestException>(() => _client.GetAsync("http://127.0.0.1:8080/", TestContext.Current.CancellationToken));

        await served.StopAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAnyAsync<Exception>(async () => await _client.GetStringAsync(
            $"http://{await AddressAsync(one)}:8080/", TestContext.Current.CancellationToken));
        Assert.Equal("Hello, world!", await AnswerAsync($"http://{await AddressAsync(other)}:8080/"));
    }

    [Theory, OnContainerd]
    public async Task A_pod_may_ask_for_a_process_of_its_own(string version)
    {
        var node = await NodeAsync(version);
        await using var shared = await Pod.RunAsync(node, new PodRequest { Handler = "skiffnode" });
        await using var alone = await Pod.RunAsync(
            node, new PodRequest { Handler = "skiffnode", Annotations = new Dictionary<string, string> { ["skiff.dev/sharing"] = "pod" } });
        await shared.StartAsync(["/toolbox.wasm", "sleep", "3600"]);
        var container = await alone.StartAsync(["/toolbox.wasm", "sleep", "3600"]);

        Assert.Equal(2, NodeServers.HostsOf(await NodeServers.PidOfAsync(container.Id)).Count);
    }

    [Theory, OnContainerd]
    public async Task Figures_are_those_of_the_guest(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "loop"], "looping", Ctr.SkiffNode);
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);

        var metrics = JsonNode.Parse(await node.Ctr.RunAsync("task", "metrics", "--format", "json", task.Id))!;
        var used = metrics["cpu"]!["usage"]!["total"]!.GetValue<long>();

        Assert.InRange(used, 100_000_000, 5_000_000_000);
        Assert.InRange(metrics["memory"]!["usage"]!["usage"]!.GetValue<long>(), 64 * 1024, 64 * 1024 * 1024);
    }

    private static async Task<(int Pid, IReadOnlyList<string> Guests)> ServerAsync(Containerd node)
    {
        var server = Assert.Single(
            await NodeServers.AllAsync(), status => status["namespace"]!.GetValue<string>() == node.Namespace && NodeServers.Guests(status).Count > 0);
        return (server["pid"]!.GetValue<int>(), NodeServers.Guests(server));
    }

    private static async Task<string> AddressAsync(Pod pod) => (await pod.StatusAsync()).Network.Ip;

    private Task<string> AnswerAsync(string address) => Answers.FirstAsync(_client, address);

    private static string? Link(string path) => new FileInfo(path).LinkTarget;
}
