using System.Net;
using System.Net.Sockets;
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Testing;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Bindings.Sockets;
using Skiff.Wasi.Names;
using Skiff.Wasi.Preview2;
using Skiff.Wasi.Quotas;
using Skiff.Wasi.Sockets;

namespace Skiff.Wasi.Tests.Sockets;

/// <summary>Guests of three pods in one process, each in its pod's network namespace.</summary>
public sealed class PodNetworkTests : IDisposable
{
    private const int Pods = 3;

    private readonly ReadinessLoop _readiness = new();
    private readonly PodNetworks _networks = new(Pods);
    private readonly List<GuestNetworkPlace> _places = [];

    public PodNetworkTests()
    {
        for (var pod = 0; pod < Pods; pod++)
        {
            _places.Add(new GuestNetworkPlace(_networks.Open(pod), new NoNames()));
        }
    }

    public void Dispose()
    {
        _places.ForEach(place => place.Dispose());
        _networks.Dispose();
        _readiness.Dispose();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Guests_of_three_pods_listen_at_the_same_address_and_reach_their_own_only(string address)
    {
        var guests = _places.Select(Factory).ToList();
        var at = SocketWords.Of(new Skiff.Linux.Sockets.InternetEndpoint(IPAddress.Parse(address), 80));
        var servers = guests.Select(guest => Listen(guest, at)).ToList();
        // All at once, so that a socket in the wrong place would meet another's server.
        var clients = guests.Select(guest => guest.CreateTcpSocket(Family(at)).Value).ToList();
        Assert.All(clients.Zip(guests), pair => Assert.True(pair.First.StartConnect(pair.Second.InstanceNetwork(), at).IsOk));
        for (var pod = 0; pod < Pods; pod++)
        {
            await Ready(clients[pod].Subscribe());
            await Ready(servers[pod].Subscribe());
            var (_, toServer) = clients[pod].FinishConnect().Value;
            var (_, fromClient, _) = servers[pod].Accept().Value;
            Assert.True((await toServer.BlockingWriteAndFlush(Encoding.ASCII.GetBytes($"pod {pod}"))).IsOk);
            Assert.Equal($"pod {pod}", Encoding.ASCII.GetString((await fromClient.BlockingRead(100)).Value.Span));
            Assert.Equal(ErrorCode.WouldBlock, servers[pod].Accept().ErrorValue);
        }

        Assert.Empty(PodNetworks.Strays());
    }

    [Fact]
    public async Task Pods_reach_each_other_where_their_networks_meet()
    {
        var server = Listen(Factory(_places[1]), Address("0.0.0.0", 81));
        var client = Factory(_places[0]).CreateTcpSocket(IpAddressFamily.Ipv4).Value;
        Assert.True(client.StartConnect(null!, Address(PodNetworks.Address(1), 81)).IsOk);
        await Ready(client.Subscribe());
        Assert.True(client.FinishConnect().IsOk);
        await Ready(server.Subscribe());
        var (peer, _, _) = server.Accept().Value;
        Assert.Equal(PodNetworks.Address(0), SocketWords.Of(peer.RemoteAddress().Value).Address.ToString());

        // From here there is no way to it, whoever else may have that address.
        using var outside = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await outside.ConnectAsync(PodNetworks.Address(1), 81, soon.Token).AsTask().ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.Equal(ErrorCode.WouldBlock, server.Accept().ErrorValue);
    }

    [Fact]
    public async Task Datagrams_stay_in_their_pod()
    {
        var guests = _places.Select(Factory).ToList();
        var at = Address("127.0.0.1", 53);
        var inboxes = guests.Select(guest =>
        {
            var server = guest.CreateUdpSocket(IpAddressFamily.Ipv4).Value;
            Assert.True(server.StartBind(guest.InstanceNetwork(), at).IsOk);
            Assert.True(server.FinishBind().IsOk);
            return server.Stream(null).Value.Item1;
        }).ToList();
        for (var pod = 0; pod < Pods; pod++)
        {
            var client = guests[pod].CreateUdpSocket(IpAddressFamily.Ipv4).Value;
            Assert.True(client.StartBind(guests[pod].InstanceNetwork(), Address("127.0.0.1", 0)).IsOk);
            Assert.True(client.FinishBind().IsOk);
            var (_, outbox) = client.Stream(at).Value;
            outbox.CheckSend();
            Assert.Equal(1ul, outbox.Send([new OutgoingDatagram(Encoding.ASCII.GetBytes($"pod {pod}"), null)]).Value);
        }

        for (var pod = 0; pod < Pods; pod++)
        {
            await Ready(inboxes[pod].Subscribe());
            Assert.Equal($"pod {pod}", Encoding.ASCII.GetString(Assert.Single(inboxes[pod].Receive(10).Value).Data.ToArray()));
        }
    }

    [Fact]
    public async Task Listeners_of_Preview_1_guests_are_in_their_pods()
    {
        var address = new IPEndPoint(IPAddress.Loopback, 82);
        var states = _places.Select(place => new WasiState(
            new WasiContext { Place = place, Listeners = [address] }, new WasiHost(TimeProvider.System, _readiness))).ToList();
        for (var pod = 0; pod < Pods; pod++)
        {
            var listener = Assert.Single(states[pod].Sockets.TakeListeners());
            using var client = _places[pod].Namespace.NewSocket(v6: false, stream: true);
            await client.ConnectAsync(address);
            Assert.Equal(WasiErrno.Success, listener.TryAccept(out var accepted));
            accepted!.Dispose();
            listener.Dispose();
        }

        states.ForEach(state => state.Dispose());
    }

    [Fact]
    public async Task No_thread_stays_abroad_while_many_make_and_use_sockets()
    {
        await Task.WhenAll(Enumerable.Range(0, 300).Select(async index =>
        {
            await Task.Yield();
            var place = _places[index % Pods];
            using var listener = place.Listen(new IPEndPoint(IPAddress.Loopback, 0), 10);
            using var client = place.Namespace.NewSocket(v6: false, stream: true);
            var accept = listener.AcceptAsync();
            await client.ConnectAsync(listener.LocalEndPoint!);
            using var accepted = await accept;
            await client.SendAsync("x"u8.ToArray());
            Assert.Equal(1, await accepted.ReceiveAsync(new byte[10]));
            GC.Collect(2, GCCollectionMode.Optimized, blocking: false);
        }));
        Assert.Empty(PodNetworks.Strays());
    }

    [Fact]
    public void What_is_no_network_namespace_is_refused()
    {
        using var file = File.OpenHandle("/proc/self/ns/uts", FileMode.Open, System.IO.FileAccess.Read, FileShare.ReadWrite);
        Assert.Contains("network namespace", Assert.Throws<LinuxException>(() => new NetworkNamespace(file, _networks.Thread)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_namespace_that_was_given_up_makes_no_sockets()
    {
        var place = _networks.Open(0);
        place.Dispose();
        Assert.Throws<ObjectDisposedException>(() => place.NewSocket(v6: false, stream: true));
    }

    private static ITcpSocket Listen(SocketFactory guest, IpSocketAddress at)
    {
        var server = guest.CreateTcpSocket(Family(at)).Value;
        Assert.True(server.StartBind(guest.InstanceNetwork(), at).IsOk);
        Assert.True(server.FinishBind().IsOk);
        Assert.True(server.StartListen().IsOk);
        Assert.True(server.FinishListen().IsOk);
        return server;
    }

    private static IpAddressFamily Family(IpSocketAddress address) =>
        address.Case == IpSocketAddress.Kind.Ipv4 ? IpAddressFamily.Ipv4 : IpAddressFamily.Ipv6;

    private static IpSocketAddress Address(string address, ushort port) =>
        SocketWords.Of(new Skiff.Linux.Sockets.InternetEndpoint(IPAddress.Parse(address), port));

    private static async Task Ready(IPollable pollable) => await pollable.Block().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    private SocketFactory Factory(GuestNetworkPlace place) =>
        new(new GuestSockets(NetworkGrants.All, place, [], _readiness, new QuotaShare(new CountQuota(20)), new QuotaShare(new CountQuota(20))));

    /// <summary>Nobody here asks for one.</summary>
    private sealed class NoNames : INameResolver
    {
        public Task<IPAddress[]> LookUpAsync(string name, CancellationToken cancellation) => throw new InvalidOperationException(name);

        public void Dispose()
        {
        }
    }
}
