using Skiff.Testing;
using Skiff.Ttrpc.Tests.Doubles;

namespace Skiff.Ttrpc.Tests;

public sealed class StopTests
{
    [Fact]
    public async Task Calls_in_flight_answer_within_the_grace_and_new_ones_are_unavailable()
    {
        await using var host = new TestServer();
        using var peer = await host.ConnectRawAsync();
        await peer.SendFrameAsync(1, 1, 0, Request("Wait"));
        await Observations.EventuallyAsync(() => host.Server.CallsInFlight == 1, "the call runs");

        var stop = host.Server.StopAsync(TimeSpan.FromMinutes(1));
        await Observations.EventuallyAsync(() => host.Server.IsStopping, "the stop begins");
        await peer.SendFrameAsync(3, 1, 0, Request("Echo"));
        Assert.Equal((3u, TtrpcStatus.Unavailable), await peer.ReceiveAnswerAsync() is var a ? (a.StreamId, a.Status) : default);
        Assert.False(stop.IsCompleted);
        await Assert.ThrowsAsync<TtrpcConnectionException>(() => host.ConnectAsync());

        host.Release.SetResult();
        Assert.Equal((1u, TtrpcStatus.Ok, ""), await peer.ReceiveAnswerAsync());
        await stop;
        await peer.AssertClosedAsync();
        Assert.Equal(0, host.Server.ActiveConnections);
        Assert.Empty(host.Seen.Broken);
    }

    [Fact]
    public async Task What_outlives_the_grace_is_cancelled_and_answered_unavailable()
    {
        var time = new ManualTime();
        await using var host = new TestServer(self => self.DefaultOptions(time));
        using var peer = await host.ConnectRawAsync();
        await peer.SendFrameAsync(1, 1, 0, Request("Wait"));
        await Observations.EventuallyAsync(() => host.Server.CallsInFlight == 1, "the call runs");

        var stop = host.Server.StopAsync(TimeSpan.FromSeconds(5));
        await Observations.EventuallyAsync(() => time.Waiting == 1, "the grace runs");
        time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal((1u, TtrpcStatus.Unavailable), await peer.ReceiveAnswerAsync() is var a ? (a.StreamId, a.Status) : default);
        await stop;
        await peer.AssertClosedAsync();
    }

    [Fact]
    public async Task A_call_that_ignores_its_cancellation_does_not_hold_up_the_stop()
    {
        var time = new ManualTime();
        await using var host = new TestServer(self => self.DefaultOptions(time));
        using var peer = await host.ConnectRawAsync();
        await peer.SendFrameAsync(1, 1, 0, Request("Block"));
        await Observations.EventuallyAsync(() => host.Server.CallsInFlight == 1, "the call runs");

        var stop = host.Server.StopAsync(TimeSpan.FromSeconds(5));
        await Observations.EventuallyAsync(() => time.Waiting == 1, "the grace runs");
        time.Advance(TimeSpan.FromSeconds(5));
        await Observations.EventuallyAsync(() => time.Waiting == 1, "the second wait runs");
        time.Advance(TimeSpan.FromSeconds(5));

        await stop;
        await peer.AssertClosedAsync();
        host.Unblock.Set();
        await Observations.EventuallyAsync(() => host.Server.CallsInFlight == 0, "the call ends by itself");
    }

    [Fact]
    public async Task A_second_stop_waits_for_the_first_and_an_unused_server_stops_at_once()
    {
        await using var host = new TestServer();
        var first = host.Server.StopAsync(TimeSpan.FromMinutes(1));
        Assert.Same(first, host.Server.StopAsync(TimeSpan.Zero));
        await first.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private static byte[] Request(string method) => ServerTests.RequestBytes(TestServer.Service, method, []);
}
