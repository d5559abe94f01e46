using System.Text;
using Skiff.Ttrpc.Tests.Doubles;

namespace Skiff.Ttrpc.Tests;

public sealed class ServerTests
{
    private static byte[] Request(string method, params byte[] payload) => RequestBytes(TestServer.Service, method, payload);

    internal static byte[] RequestBytes(string service, string method, byte[] payload, long timeoutNano = 0)
    {
        var frame = new RequestMessage(service, method, payload, timeoutNano, []).Encode(0);
        return frame.Bytes[FrameHeader.SizeBytes..].ToArray();
    }

    [Fact]
    public async Task A_call_is_answered_on_its_stream_with_the_bytes_of_the_spec()
    {
        await using var host = new TestServer();
        using var peer = host.ConnectInMemory();

        await peer.SendAsync(
            [0, 0, 0, 21, 0, 0, 0, 1, 1, 0, 0x0a, 9, .. "test.Echo"u8, 0x12, 4, .. "Echo"u8, 0x1a, 2, 7, 8]);

        Assert.Equal([0, 0, 0, 4, 0, 0, 0, 1, 2, 0, 0x12, 2, 7, 8], await peer.ReceiveFrameAsync());
    }

    [Fact]
    public async Task A_failure_is_answered_as_status_code_and_message()
    {
        await using var host = new TestServer();
        using var peer = host.ConnectInMemory();

        await peer.SendFrameAsync(1, 1, 0, Request("Fail"));

        Assert.Equal(
            [0, 0, 0, 18, 0, 0, 0, 1, 2, 0, 0x0a, 16, 0x08, 5, 0x12, 12, .. "no such task"u8],
            await peer.ReceiveFrameAsync());
    }

    [Theory]
    [InlineData("test.Echo", "Nothing")]
    [InlineData("test.Nobody", "Echo")]
    [InlineData("", "")]
    public async Task An_unknown_service_or_method_is_unimplemented(string service, string method)
    {
        await using var host = new TestServer();
        using var peer = host.ConnectInMemory();

        await peer.SendFrameAsync(1, 1, 0, RequestBytes(service, method, []));

        Assert.Equal(TtrpcStatus.Unimplemented, (await peer.ReceiveAnswerAsync()).Status);
    }

    [Fact]
    public async Task Any_other_exception_is_unknown_with_its_message_and_is_reported()
    {
        await using var host = new TestServer();
        using var peer = host.ConnectInMemory();

        await peer.SendFrameAsync(1, 1, 0, Request("Throw"));
        Assert.Equal((1u, TtrpcStatus.Unknown, "a bug"), await peer.ReceiveAnswerAsync());
        Assert.Equal("Throw", Assert.Single(host.Seen.Failures).Method);

        await peer.SendFrameAsync(3, 1, 0, Request("Echo"));
        Assert.Equal(TtrpcStatus.Ok, (await peer.ReceiveAnswerAsync()).Status);
    }

    [Theory]
    [InlineData(FrameHeader.DataBytesMax + 1)]
    [InlineData(9_000_000)]
    public async Task An_oversize_request_is_discarded_answered_8_and_the_connection_stays(int length)
    {
        await using var host = new TestServer();
        using var peer = await host.ConnectRawAsync();

        var sending = peer.SendFrameAsync(1, 1, 0, new byte[length]);
        Assert.Equal((1u, TtrpcStatus.ResourceExhausted), (await peer.ReceiveAnswerAsync()) is var a ? (a.StreamId, a.Status) : default);
        await sending;

        await peer.SendFrameAsync(3, 1, 0, Request("Echo"));
        Assert.Equal((3u, TtrpcStatus.Ok, ""), await peer.ReceiveAnswerAsync());
    }

    [Fact]
    public async Task The_largest_request_is_served()
    {
        await using var host = new TestServer();
        await using var client = await host.ConnectAsync();
        var overhead = Request("Echo", new byte[FrameHeader.DataBytesMax - 100]).Length - (FrameHeader.DataBytesMax - 100);
        var payload = new byte[FrameHeader.DataBytesMax - overhead];
        new Random(1).NextBytes(payload);
        Assert.Equal(FrameHeader.DataBytesMax, Request("Echo", payload).Length);

        var answer = await client.CallAsync(TestServer.Service, "Echo", payload);

        Assert.True(answer.Span.SequenceEqual(payload));
    }

    [Fact]
    public async Task An_answer_that_does_not_fit_becomes_a_status()
    {
        await using var host = new TestServer();
        using var peer = host.ConnectInMemory();

        await peer.SendFrameAsync(1, 1, 0, Request("Huge"));

        Assert.Equal(TtrpcStatus.ResourceExhausted, (await peer.ReceiveAnswerAsync()).Status);
    }

    [Fact]
    public async Task Calls_of_one_connection_are_answered_out_of_order()
    {
        await using var host = new TestServer();
        using var peer = host.ConnectInMemory();

        await peer.SendFrameAsync(1, 1, 0, Request("Wait"));
        await peer.SendFrameAsync(3, 1, 0, Request("Block"));
        await peer.SendFrameAsync(5, 1, 0, Request("Echo"));
        Assert.Equal(5u, (await peer.ReceiveAnswerAsync()).StreamId);

        host.Unblock.Set();
        Assert.Equal(3u, (await peer.ReceiveAnswerAsync()).StreamId);

        host.Release.SetResult();
        Assert.Equal(1u, (await peer.ReceiveAnswerAsync()).StreamId);
    }

    [Fact]
    public async Task Requests_that_arrive_byte_by_byte_or_all_at_once_are_the_same()
    {
        await using var host = new TestServer();
        var requests = new List<byte>();
        for (uint id = 1; id < 40; id += 2)
        {
            requests.AddRange(RawPeer.Frame(id, 1, 0, Request("Echo", new byte[id * 40])));
        }

        foreach (var piece in (int[])[1, 3, 511, int.MaxValue])
        {
            using var peer = host.ConnectInMemory(piece);
            await peer.SendAsync([.. requests]);
            var answered = new HashSet<uint>();
            for (var i = 0; i < 20; i++)
            {
                var answer = await peer.ReceiveAnswerAsync();
                Assert.Equal(TtrpcStatus.Ok, answer.Status);
                answered.Add(answer.StreamId);
            }

            Assert.Equal(20, answered.Count);
        }
    }

    [Theory]
    [InlineData(2u, "even")]
    [InlineData(0u, "even")]
    [InlineData(5u, "increase")]
    [InlineData(3u, "increase")]
    public async Task A_stream_id_that_is_even_or_does_not_increase_closes_the_connection_with_a_reason(uint id, string reason)
    {
        await using var host = new TestServer();
        using var peer = host.ConnectInMemory();
        await peer.SendFrameAsync(5, 1, 0, Request("Echo"));
        await peer.ReceiveAnswerAsync();

        await peer.SendFrameAsync(id, 1, 0, Request("Echo"));

        var (streamId, status, text) = await peer.ReceiveAnswerAsync();
        Assert.Equal((id, TtrpcStatus.InvalidArgument), (streamId, status));
        Assert.Contains(reason, text);
        await peer.AssertClosedAsync();
        await Observations.EventuallyAsync(() => !host.Seen.Broken.IsEmpty, "the reason is reported");
        Assert.Contains(reason, Assert.Single(host.Seen.Broken).Message);
    }

    [Fact]
    public async Task Streaming_requests_are_unimplemented_and_their_data_is_ignored()
    {
        await using var host = new TestServer();
        using var peer = host.ConnectInMemory();

        await peer.SendFrameAsync(1, 1, (byte)FrameFlags.RemoteOpen, Request("Echo"));
        await peer.SendFrameAsync(1, 3, 0, new byte[5000]);
        await peer.SendFrameAsync(1, 3, (byte)(FrameFlags.RemoteClosed | FrameFlags.NoData));
        await peer.SendFrameAsync(1, 77, 0, 1, 2, 3);
        await peer.SendFrameAsync(3, 1, 0, Request("Echo"));

        Assert.Equal((1u, TtrpcStatus.Unimplemented), (await peer.ReceiveAnswerAsync()) is var a ? (a.StreamId, a.Status) : default);
        Assert.Equal((3u, TtrpcStatus.Ok, ""), await peer.ReceiveAnswerAsync());
    }

    [Fact]
    public async Task A_request_that_cannot_be_decoded_is_an_invalid_argument_and_the_connection_stays()
    {
        await using var host = new TestServer();
        using var peer = host.ConnectInMemory();

        await peer.SendFrameAsync(1, 1, 0, 0x0a, 200, 1, 2);
        Assert.Equal(TtrpcStatus.InvalidArgument, (await peer.ReceiveAnswerAsync()).Status);

        await peer.SendFrameAsync(3, 1, 0, Request("Echo"));
        Assert.Equal((3u, TtrpcStatus.Ok, ""), await peer.ReceiveAnswerAsync());
    }

    [Fact]
    public async Task More_calls_or_bytes_in_flight_than_allowed_are_refused()
    {
        await using var host = new TestServer(_ => new() { StopGrace = TimeSpan.Zero, CallsPerConnectionMax = 2, RequestBytesPerConnectionMax = 1000 });
        using var peer = host.ConnectInMemory();

        await peer.SendFrameAsync(1, 1, 0, Request("Wait"));
        await peer.SendFrameAsync(3, 1, 0, Request("Wait", new byte[1000]));
        Assert.Equal((3u, TtrpcStatus.ResourceExhausted), (await peer.ReceiveAnswerAsync()) is var a ? (a.StreamId, a.Status) : default);

        await peer.SendFrameAsync(5, 1, 0, Request("Wait"));
        await peer.SendFrameAsync(7, 1, 0, Request("Wait"));
        Assert.Equal((7u, TtrpcStatus.ResourceExhausted), (await peer.ReceiveAnswerAsync()) is var b ? (b.StreamId, b.Status) : default);

        host.Release.SetResult();
        await peer.ReceiveAnswerAsync();
        await peer.ReceiveAnswerAsync();
        await Observations.EventuallyAsync(() => host.Server.CallsInFlight == 0, "calls end");
        await peer.SendFrameAsync(9, 1, 0, Request("Echo"));
        Assert.Equal((9u, TtrpcStatus.Ok, ""), await peer.ReceiveAnswerAsync());
    }

    [Fact]
    public async Task A_lost_connection_cancels_its_own_calls_and_no_others()
    {
        await using var host = new TestServer();
        await using var patient = await host.ConnectAsync();
        var waiting = patient.CallAsync(TestServer.Service, "Wait", "x"u8.ToArray());
        var lost = await host.ConnectRawAsync();
        for (uint id = 1; id < 100; id += 2)
        {
            await lost.SendFrameAsync(id, 1, 0, Request("Wait"));
        }

        await Observations.EventuallyAsync(() => host.Server.CallsInFlight == 51, "all calls run");
        lost.Dispose();

        await Observations.EventuallyAsync(() => host.Seen.WaitsCancelled == 50 && host.Server.CallsInFlight == 1, "the lost calls end");
        await Observations.EventuallyAsync(() => host.Server.ActiveConnections == 1, "the lost connection is forgotten");
        Assert.False(waiting.IsCompleted);
        host.Release.SetResult();
        Assert.Equal("x", Encoding.UTF8.GetString((await waiting).Span));
    }

    [Fact]
    public async Task A_connection_that_ends_inside_a_frame_is_reported()
    {
        await using var host = new TestServer();
        var peer = host.ConnectInMemory();
        await peer.SendAsync(0, 0, 0, 9, 0);
        peer.Dispose();
        await Observations.EventuallyAsync(() => host.Seen.Broken.Any(b => b.Message.Contains("header")), "the header");

        peer = host.ConnectInMemory();
        await peer.SendAsync(0, 0, 0, 9, 0, 0, 0, 1, 1, 0, 1, 2);
        peer.Dispose();
        await Observations.EventuallyAsync(() => host.Seen.Broken.Any(b => b.Message.Contains("2 of 9 bytes")), "the data");
    }

    [Fact]
    public async Task Connections_beyond_the_limit_are_closed_at_once()
    {
        await using var host = new TestServer(_ => new() { StopGrace = TimeSpan.Zero, ConnectionsMax = 1 });
        await using var first = await host.ConnectAsync();
        await first.CallAsync(TestServer.Service, "Echo", default);

        using var second = await host.ConnectRawAsync();

        await second.AssertClosedAsync();
        await first.CallAsync(TestServer.Service, "Echo", default);
        Assert.Equal((1, 1L), (host.Server.ActiveConnections, host.Server.ConnectionsAccepted));
    }
}
