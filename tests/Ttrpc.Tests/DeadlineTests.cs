using Skiff.Testing;
using Skiff.Ttrpc.Tests.Doubles;

namespace Skiff.Ttrpc.Tests;

public sealed class DeadlineTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_call_that_outlives_its_timeout_is_answered_4()
    {
        await using var host = new TestServer(self => self.DefaultOptions(_time));
        using var peer = host.ConnectInMemory();
        await peer.SendFrameAsync(1, 1, 0, Wait(timeoutNano: 2_000_000_000));
        await Observations.EventuallyAsync(() => _time.Waiting == 1 && host.Server.CallsInFlight == 1, "the call runs");

        _time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Equal(0, host.Seen.WaitsCancelled);
        _time.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Equal((1u, TtrpcStatus.DeadlineExceeded), await peer.ReceiveAnswerAsync() is var a ? (a.StreamId, a.Status) : default);
        await Observations.EventuallyAsync(() => host.Server.CallsInFlight == 0, "the call is gone");
        Assert.Empty(host.Seen.Failures);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public async Task A_deadline_that_has_passed_is_answered_at_once(long timeoutNano)
    {
        await using var host = new TestServer(self => self.DefaultOptions(_time));
        using var peer = host.ConnectInMemory();

        await peer.SendFrameAsync(1, 1, 0, Wait(timeoutNano));

        Assert.Equal(TtrpcStatus.DeadlineExceeded, (await peer.ReceiveAnswerAsync()).Status);
        Assert.Equal(0, host.Seen.WaitsCancelled);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(long.MaxValue)]
    public async Task The_shortest_and_the_longest_timeout_are_served(long timeoutNano)
    {
        await using var host = new TestServer(self => self.DefaultOptions(_time));
        using var peer = host.ConnectInMemory();

        await peer.SendFrameAsync(1, 1, 0, ServerTests.RequestBytes(TestServer.Service, "Echo", [], timeoutNano));

        Assert.Equal(TtrpcStatus.Ok, (await peer.ReceiveAnswerAsync()).Status);
        await Observations.EventuallyAsync(() => _time.Waiting == 0, "no timer is left");
    }

    [Fact]
    public async Task Connection_loss_ends_a_call_before_its_deadline_and_leaves_no_timer()
    {
        await using var host = new TestServer(self => self.DefaultOptions(_time));
        var peer = host.ConnectInMemory();
        await peer.SendFrameAsync(1, 1, 0, Wait(timeoutNano: 2_000_000_000));
        await Observations.EventuallyAsync(() => host.Server.CallsInFlight == 1, "the call runs");

        peer.Dispose();

        await Observations.EventuallyAsync(() => host.Server.CallsInFlight == 0 && _time.Waiting == 0, "the call and its timer end");
        Assert.Equal(1, host.Seen.WaitsCancelled);
    }

    [Fact]
    public async Task A_handler_sees_its_deadline()
    {
        TtrpcCall? seen = null;
        using var server = new TtrpcServer(
            new Dictionary<string, IReadOnlyDictionary<string, TtrpcHandler>>
            {
                ["s"] = new Dictionary<string, TtrpcHandler>
                {
                    ["m"] = (_, call) =>
                    {
                        seen = call;
                        return default;
                    },
                },
            },
            new TtrpcServerOptions { Time = _time });
        var (one, other) = DuplexStream.CreatePair();
        _ = server.ServeConnectionAsync(other);
        await using var client = new TtrpcClient(one, TimeProvider.System);

        await client.CallAsync("s", "m", default, TimeSpan.FromSeconds(3), [new("k", "v"), new("k", "w")]);

        Assert.Equal(_time.GetUtcNow().AddSeconds(3), seen!.Deadline);
        Assert.Equal([new("k", "v"), new("k", "w")], seen.Metadata);
        Assert.Equal(("s", "m"), (seen.Service, seen.Method));
    }

    private static byte[] Wait(long timeoutNano) => ServerTests.RequestBytes(TestServer.Service, "Wait", [], timeoutNano);
}
