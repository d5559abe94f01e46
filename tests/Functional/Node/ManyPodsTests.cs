using System.Diagnostics;
using System.Globalization;
using Skiff.Harness;

namespace Skiff.Functional.Node;

/// <summary>
/// A node full of pods, each with a network namespace, an address and a pause process of its own, as kubelet makes them.
/// <c>SKIFF_PODS=1000</c> for what a large node has; a handful otherwise.
/// </summary>
public sealed class ManyPodsTests(Nodes nodes) : NodeTest(nodes)
{
    private const int AtATime = 4;

    [Theory, OnContainerd]
    public async Task Each_answers_at_its_own_address_and_nothing_of_them_stays(string version)
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("SKIFF_PODS") ?? "16", CultureInfo.InvariantCulture);
        await using var node = await OwnNodeAsync(version);
        using var client = new HttpClient(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.Zero });
        var pods = new List<(Pod Pod, string Container, string Address)>();
        var start = Stopwatch.GetTimestamp();
        try
        {
            while (pods.Count < count)
            {
                pods.AddRange(await Task.WhenAll(Enumerable.Range(0, AtATime).Select(_ => MakeAsync(node))));
            }

            var made = Stopwatch.GetElapsedTime(start);
            Assert.Equal(count, pods.Select(pod => pod.Address).Distinct().Count());
            foreach (var (_, _, address) in pods)
            {
                Assert.Equal("Hello, world!", await Answers.FirstAsync(client, $"http://{address}:8080/"));
            }

            var status = await NodeServers.OfAsync(pods[0].Container);
            Assert.Equal(count, NodeServers.Guests(status).Count(id => pods.Any(pod => pod.Container == id)));
            var server = status["pid"]!.GetValue<int>();
            var host = Assert.Single(NodeServers.HostsOf(server));
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{count} pods on {version}: {made.TotalMilliseconds / count:0} ms each, {AtATime} at a time; proportional MiB: server {MebibytesOf(server):0.0}, guest host {MebibytesOf(host):0.0}, pause processes and holders together {Leaks.Pids(node).Where(pid => pid != server && pid != host).Sum(MebibytesOf):0.0}, containerd {MebibytesOf(node.Pid):0.0}"));
        }
        finally
        {
            foreach (var some in pods.Chunk(AtATime))
            {
                await Task.WhenAll(some.Select(pod => pod.Pod.DisposeAsync().AsTask()));
            }
        }

        await Leaks.RequireNoneAsync(node);
    }

    private static async Task<(Pod Pod, string Container, string Address)> MakeAsync(Containerd node)
    {
        var pod = await Pod.RunAsync(node, new PodRequest { Handler = "skiffnode", HostNetwork = false });
        var container = await pod.StartAsync(["/http.wasm"]);
        return (pod, container.Id, (await pod.StatusAsync()).Network.Ip);
    }

    private static double MebibytesOf(int pid) => ProcessMemory.Pss(pid) / 1024;
}
