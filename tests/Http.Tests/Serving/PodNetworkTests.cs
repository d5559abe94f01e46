using System.Net;
using Skiff.Http.Serving;
using Skiff.Http.Tests.Doubles;
using Skiff.Linux;
using Skiff.Testing;
using Skiff.Wasi.Sockets;

namespace Skiff.Http.Tests.Serving;

/// <summary>Guests of three pods behind one web server: each answers in its pod's network and asks from there.</summary>
public sealed class PodNetworkTests : IDisposable
{
    private const int Pods = 3;

    private readonly string _folder = Directory.CreateTempSubdirectory("skiff-pods").FullName;
    private readonly PodNetworks _networks = new(Pods);
    private readonly NameServer _server;
    private readonly List<GuestNetworkPlace> _places = [];

    public PodNetworkTests()
    {
        using var middle = _networks.OpenSwitch();
        _server = new NameServer(middle, IPAddress.Parse(PodNetworks.ServerAddress), new Dictionary<string, string[]>
        {
            ["next.a.example"] = [PodNetworks.Address(1)],
        });
        for (var pod = 0; pod < Pods; pod++)
        {
            var root = Path.Combine(_folder, $"pod{pod}");
            Directory.CreateDirectory(Path.Combine(root, "etc"));
            File.WriteAllText(Path.Combine(root, "etc/hosts"), $"127.0.0.1 localhost\n{PodNetworks.Address(pod)} me\n{PodNetworks.Address((pod + 1) % Pods)} other\n");
            File.WriteAllText(Path.Combine(root, "etc/resolv.conf"), $"nameserver {PodNetworks.ServerAddress}\nsearch a.example\noptions timeout:20\n");
            _places.Add(GuestNetworkPlace.OfPod(
                _networks.Open(pod), new RootDirectory(root), TimeProvider.System));
        }
    }

    public void Dispose()
    {
        _places.ForEach(place => place.Dispose());
        _server?.Dispose();
        _networks?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Each_guest_reaches_the_servers_of_its_own_pod()
    {
        await using var host = new HttpHost(new HttpLimits(), TimeProvider.System);
        await host.StartAsync(CancellationToken.None);
        for (var pod = 0; pod < Pods; pod++)
        {
            // The same address in all of them, and one server for all.
            host.Listen(_places[pod].Listen(new IPEndPoint(IPAddress.Any, 80), 16), new HttpSite($"pod{pod}", DelegateHandler.Says($"pod {pod}")));
        }

        var fronts = new List<GuestSite>();
        foreach (var place in _places)
        {
            fronts.Add(await GuestSite.StartAsync("http.wasm", network: NetworkGrants.All, place: place));
        }

        var answers = await Task.WhenAll(Enumerable.Range(0, Pods * 10).Select(async index =>
            (Pod: index % Pods, (await fronts[index % Pods].Curl("/fetch/127.0.0.1:80/")).Output)));
        Assert.All(answers, answer => Assert.Equal($"pod {answer.Pod}", answer.Output));
        for (var pod = 0; pod < Pods; pod++)
        {
            Assert.Equal($"pod {pod}", (await fronts[pod].Curl("/fetch/me:80/")).Output);
            Assert.Equal($"pod {(pod + 1) % Pods}", (await fronts[pod].Curl("/fetch/other:80/")).Output);
            Assert.Equal("pod 1", (await fronts[pod].Curl("/fetch/next:80/")).Output);
            Assert.Contains("dns-error", (await fronts[pod].Curl("/fetch/nowhere:80/")).Output, StringComparison.OrdinalIgnoreCase);
        }

        foreach (var front in fronts)
        {
            await front.DisposeAsync();
        }

        Assert.Contains("udp 1 next.a.example", _server.Questions);
        Assert.Empty(PodNetworks.Strays());
    }

    [Fact]
    public async Task Who_may_not_reach_a_name_does_not_ask_for_it()
    {
        await using var front = await GuestSite.StartAsync("http.wasm", network: NetworkGrants.Parse(["me:80"], []), place: _places[0]);
        Assert.Contains("HTTP-request-denied", (await front.Curl("/fetch/next:80/")).Output, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(_server.Questions);
    }
}
