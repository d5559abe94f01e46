using System.Net;
using System.Net.Sockets;
using System.Text;
using Skiff.Linux.Files;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Bindings.Sockets;
using Skiff.Wasi.Preview2;
using Skiff.Wasi.Quotas;
using Skiff.Wasi.Sockets;

namespace Skiff.Wasi.Tests.Sockets;

/// <summary>The interfaces of wasi:sockets, with real sockets on loopback.</summary>
public sealed class SocketTests : IDisposable
{
    private static readonly IpSocketAddress Loopback = IpSocketAddress.Ipv4(new Ipv4SocketAddress(0, (127, 0, 0, 1)));
    private readonly ReadinessLoop _readiness = new();

    public void Dispose() => _readiness.Dispose();

    [Fact]
    public async Task A_server_and_a_client_talk_and_part()
    {
        var factory = Factory(NetworkGrants.All);
        var network = factory.InstanceNetwork();
        var server = factory.CreateTcpSocket(IpAddressFamily.Ipv4).Value;
        Assert.Equal(ErrorCode.NotInProgress, server.FinishBind().ErrorValue);
        Assert.Equal(ErrorCode.InvalidState, server.StartListen().ErrorValue);
        Assert.Equal(ErrorCode.InvalidState, server.LocalAddress().ErrorValue);
        Assert.True(server.StartBind(network, Loopback).IsOk);
        Assert.True(server.FinishBind().IsOk);
        Assert.Equal(ErrorCode.InvalidState, server.StartBind(network, Loopback).ErrorValue);
        Assert.True(server.StartListen().IsOk);
        Assert.True(server.FinishListen().IsOk);
        Assert.True(server.IsListening());
        Assert.Equal(ErrorCode.WouldBlock, server.Accept().ErrorValue);
        var address = server.LocalAddress().Value;
        Assert.NotEqual(0, address.AsIpv4.Port);

        var client = factory.CreateTcpSocket(IpAddressFamily.Ipv4).Value;
        Assert.True(client.StartConnect(network, address).IsOk);
        await Ready(client.Subscribe());
        var (fromServer, toServer) = client.FinishConnect().Value;
        await Ready(server.Subscribe());
        var (peer, fromClient, toClient) = server.Accept().Value;
        Assert.Equal(address, client.RemoteAddress().Value);
        Assert.Equal(client.LocalAddress().Value, peer.RemoteAddress().Value);

        Assert.True((await toServer.BlockingWriteAndFlush("ping"u8)).IsOk);
        Assert.Equal("ping", Text((await fromClient.BlockingRead(100)).Value));
        Assert.True((await toClient.BlockingWriteAndFlush("pong"u8)).IsOk);
        Assert.Equal("pong", Text((await fromServer.BlockingRead(100)).Value));

        Assert.True(client.Shutdown(ShutdownType.Send).IsOk);
        Assert.Equal(StreamError.Kind.Closed, (await fromClient.BlockingRead(1)).ErrorValue.Case);
        Assert.True((await toClient.BlockingWriteAndFlush("bye"u8)).IsOk);
        Assert.Equal("bye", Text((await fromServer.BlockingRead(100)).Value));
        Close(fromServer, toServer, fromClient, toClient, peer, client, server);
    }

    [Fact]
    public async Task A_refused_connection_is_told_by_finish_connect()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = (ushort)((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();
        var factory = Factory(NetworkGrants.All);
        var client = factory.CreateTcpSocket(IpAddressFamily.Ipv4).Value;
        Assert.True(client.StartConnect(factory.InstanceNetwork(), Address(port)).IsOk);
        await Ready(client.Subscribe());
        Assert.Equal(ErrorCode.ConnectionRefused, client.FinishConnect().ErrorValue);
        Assert.Equal(ErrorCode.InvalidState, client.StartConnect(factory.InstanceNetwork(), Address(port)).ErrorValue);
        Close(client);
    }

    [Fact]
    public void What_is_not_granted_is_denied()
    {
        var factory = Factory(NetworkGrants.Parse(["127.0.0.1:1000-2000"], ["127.0.0.1:3000"]));
        var network = factory.InstanceNetwork();
        using var client = (TcpSocket)factory.CreateTcpSocket(IpAddressFamily.Ipv4).Value;
        Assert.Equal(ErrorCode.AccessDenied, client.StartConnect(network, Address(80)).ErrorValue);
        Assert.Equal(ErrorCode.AccessDenied, client.StartBind(network, Address(3001)).ErrorValue);
        Assert.True(client.StartBind(network, Loopback).IsOk);
        Assert.True(client.FinishBind().IsOk);
        Assert.Equal(ErrorCode.AccessDenied, client.StartListen().ErrorValue);
        Assert.Equal(ErrorCode.PermanentResolverFailure, factory.ResolveAddresses(network, "localhost").ErrorValue);

        var none = Factory(NetworkGrants.None);
        using var lonely = (TcpSocket)none.CreateTcpSocket(IpAddressFamily.Ipv4).Value;
        Assert.Equal(ErrorCode.AccessDenied, lonely.StartBind(network, Loopback).ErrorValue);
        Assert.Equal(ErrorCode.AccessDenied, lonely.StartConnect(network, Address(1500)).ErrorValue);
        using var datagrams = (UdpSocket)none.CreateUdpSocket(IpAddressFamily.Ipv4).Value;
        Assert.Equal(ErrorCode.AccessDenied, datagrams.StartBind(network, Loopback).ErrorValue);
    }

    [Fact]
    public void Addresses_that_cannot_be_meant_are_invalid()
    {
        var factory = Factory(NetworkGrants.All);
        var network = factory.InstanceNetwork();
        using var four = (TcpSocket)factory.CreateTcpSocket(IpAddressFamily.Ipv4).Value;
        using var six = (TcpSocket)factory.CreateTcpSocket(IpAddressFamily.Ipv6).Value;
        var mapped = IpSocketAddress.Ipv6(new Ipv6SocketAddress(80, 0, (0, 0, 0, 0, 0, 0xFFFF, 0x7F00, 1), 0));
        Assert.Equal(ErrorCode.InvalidArgument, six.StartConnect(network, Address(80)).ErrorValue);
        Assert.Equal(ErrorCode.InvalidArgument, six.StartConnect(network, mapped).ErrorValue);
        Assert.Equal(ErrorCode.InvalidArgument, six.StartBind(network, mapped).ErrorValue);
        Assert.Equal(ErrorCode.InvalidArgument, four.StartConnect(network, Loopback).ErrorValue);
        Assert.Equal(ErrorCode.InvalidArgument, four.StartConnect(network, IpSocketAddress.Ipv4(new(80, (0, 0, 0, 0)))).ErrorValue);
        Assert.Equal(ErrorCode.InvalidArgument, four.StartConnect(network, IpSocketAddress.Ipv4(new(80, (224, 0, 0, 1)))).ErrorValue);
        Assert.Equal(ErrorCode.InvalidArgument, four.SetHopLimit(0).ErrorValue);
        Assert.Equal(ErrorCode.InvalidArgument, four.SetListenBacklogSize(0).ErrorValue);
        Assert.Equal(ErrorCode.InvalidArgument, four.SetKeepAliveIdleTime(0).ErrorValue);
        Assert.True(four.SetKeepAliveIdleTime(1).IsOk);
        Assert.Equal(1_000_000_000ul, four.KeepAliveIdleTime().Value);
        Assert.True(four.SetKeepAliveCount(uint.MaxValue).IsOk);
        Assert.True(four.SetReceiveBufferSize(100_000).IsOk);
        Assert.Equal(100_000ul, four.ReceiveBufferSize().Value);
        Assert.True(four.SetHopLimit(42).IsOk);
        Assert.Equal(42, four.HopLimit().Value);
        Assert.True(four.SetKeepAliveEnabled(true).IsOk);
        Assert.True(four.KeepAliveEnabled().Value);
    }

    [Fact]
    public async Task Datagrams_go_both_ways_and_only_from_those_that_are_granted()
    {
        using var peer = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var stranger = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = (ushort)((IPEndPoint)peer.Client.LocalEndPoint!).Port;
        var factory = Factory(NetworkGrants.Parse([$"127.0.0.1:{port}"], []));
        using var socket = (UdpSocket)factory.CreateUdpSocket(IpAddressFamily.Ipv4).Value;
        Assert.Equal(ErrorCode.InvalidState, socket.Stream(null).ErrorValue);
        Assert.True(socket.StartBind(factory.InstanceNetwork(), Loopback).IsOk);
        Assert.True(socket.FinishBind().IsOk);
        var (incoming, outgoing) = socket.Stream(null).Value;
        Assert.Empty(incoming.Receive(10).Value);
        Assert.True(outgoing.CheckSend().Value > 0);
        Assert.Equal(1ul, outgoing.Send([new OutgoingDatagram("hello"u8.ToArray(), Address(port))]).Value);
        Assert.Equal(ErrorCode.AccessDenied, outgoing.Send([new OutgoingDatagram([1], Address((ushort)(port ^ 1)))]).ErrorValue);
        Assert.Equal(ErrorCode.InvalidArgument, outgoing.Send([new OutgoingDatagram([1], null)]).ErrorValue);
        Assert.Equal(ErrorCode.DatagramTooLarge, outgoing.Send([new OutgoingDatagram(new byte[70_000], Address(port))]).ErrorValue);
        var received = await peer.ReceiveAsync();
        Assert.Equal("hello", Encoding.ASCII.GetString(received.Buffer));
        await stranger.SendAsync("evil"u8.ToArray(), received.RemoteEndPoint);
        await peer.SendAsync("back"u8.ToArray(), received.RemoteEndPoint);
        var answers = new List<IncomingDatagram>();
        while (answers.Count == 0)
        {
            await Ready(incoming.Subscribe());
            answers.AddRange(incoming.Receive(10).Value);
        }

        Assert.Equal("back", Encoding.ASCII.GetString(Assert.Single(answers).Data));
        Assert.Equal(Address(port), answers[0].RemoteAddress);
        Close(incoming, outgoing);

        var (_, connected) = socket.Stream(Address(port)).Value;
        Assert.Equal(Address(port), socket.RemoteAddress().Value);
        connected.CheckSend();
        Assert.Equal(1ul, connected.Send([new OutgoingDatagram("again"u8.ToArray(), null)]).Value);
        Assert.Equal("again", Encoding.ASCII.GetString((await peer.ReceiveAsync()).Buffer));
    }

    [Fact]
    public async Task A_granted_name_can_be_looked_up_and_its_addresses_reached()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = (ushort)((IPEndPoint)listener.LocalEndpoint).Port;
        var factory = Factory(NetworkGrants.Parse([$"localhost:{port}"], []));
        var network = factory.InstanceNetwork();
        using var before = (TcpSocket)factory.CreateTcpSocket(IpAddressFamily.Ipv4).Value;
        Assert.Equal(ErrorCode.AccessDenied, before.StartConnect(network, Address(port)).ErrorValue);

        var lookup = factory.ResolveAddresses(network, "localhost").Value;
        await Ready(lookup.Subscribe());
        var found = new List<IpAddress>();
        while (lookup.ResolveNextAddress().Value is { } address)
        {
            found.Add(address);
        }

        Assert.Contains(IpAddress.Ipv4((127, 0, 0, 1)), found);
        Assert.True(before.StartConnect(network, Address(port)).IsOk);
        Assert.Equal(ErrorCode.InvalidArgument, factory.ResolveAddresses(network, "not a name").ErrorValue);
        Assert.True(factory.ResolveAddresses(network, "127.0.0.1").IsOk);
        Close(lookup);
    }

    private SocketFactory Factory(NetworkGrants grants) => new(new GuestSockets(grants, new GuestNetworkPlace(), [], _readiness, new QuotaShare(new CountQuota(20)), new QuotaShare(new CountQuota(20))));

    private static IpSocketAddress Address(ushort port) => IpSocketAddress.Ipv4(new Ipv4SocketAddress(port, (127, 0, 0, 1)));

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.ASCII.GetString(bytes.Span);

    private static async Task Ready(IPollable pollable)
    {
        await pollable.Block().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(pollable.Ready());
        Close(pollable);
    }

    private static void Close(params object[] resources)
    {
        foreach (var resource in resources)
        {
            ((IDisposable)resource).Dispose();
        }
    }
}
