using Skiff.Ttrpc.Tests.Doubles;

namespace Skiff.Ttrpc.Tests;

/// <summary>What many connections and many pending calls cost. Both ends live in this process, so the figures count the client too.</summary>
[Collection(MeasuringMemory.Name)]
public sealed class LoadTests
{
    [Fact]
    public async Task A_thousand_idle_connections_cost_less_than_8_KiB_each_and_all_answer()
    {
        const int Count = 1000;
        await using var host = new TestServer();
        var peers = new List<RawPeer>(Count);
        await PingAsync(await host.ConnectRawAsync(), peers);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var i = 0; i < Count; i++)
        {
            await PingAsync(await host.ConnectRawAsync(), peers);
        }

        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count;
        Assert.Equal(Count + 1, host.Server.ActiveConnections);
        TestContext.Current.TestOutputHelper?.WriteLine($"{each} bytes per connection, both ends");
        Assert.InRange(each, 0, 8 * 1024);
        peers.ForEach(peer => peer.Dispose());
        await Observations.EventuallyAsync(() => host.Server.ActiveConnections == 0, "all are gone");
    }

    [Fact]
    public async Task Ten_thousand_waits_on_one_connection_are_cheap_and_all_answered()
    {
        const int Count = 10_000;
        await using var host = new TestServer();
        await using var client = await host.ConnectAsync();
        await client.CallAsync(TestServer.Service, "Echo", default);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var waits = Enumerable.Range(0, Count).Select(_ => client.CallAsync(TestServer.Service, "Wait", default)).ToArray();
        await Observations.EventuallyAsync(() => host.Server.CallsInFlight == Count, "all wait");

        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Count;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each} bytes per wait, both ends");
        Assert.InRange(each, 0, 4 * 1024);
        host.Release.SetResult();
        await Task.WhenAll(waits).WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Headers_that_promise_4_MiB_and_send_nothing_cost_nothing()
    {
        await using var host = new TestServer();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var peers = new List<RawPeer>();
        for (var i = 0; i < 200; i++)
        {
            var peer = await host.ConnectRawAsync();
            await peer.SendAsync(0, 0x40, 0, 0, 0, 0, 0, 1, 1, 0);
            peers.Add(peer);
        }

        await Observations.EventuallyAsync(() => host.Server.ActiveConnections == 200, "all are connected");
        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / 200;
        Assert.InRange(each, 0, 40 * 1024);
        peers.ForEach(peer => peer.Dispose());
    }

    private static async Task PingAsync(RawPeer peer, List<RawPeer> peers)
    {
        await peer.SendFrameAsync(1, 1, 0, ServerTests.RequestBytes(TestServer.Service, "Echo", []));
        await peer.ReceiveFrameAsync();
        peers.Add(peer);
    }
}
