using System.Text;
using Skiff.Testing;
using Skiff.Ttrpc.Tests.Doubles;

namespace Skiff.Ttrpc.Tests;

public sealed class ClientTests
{
    [Fact]
    public async Task Two_hundred_waits_and_an_echo_share_one_connection()
    {
        await using var host = new TestServer();
        await using var client = await host.ConnectAsync();
        var waits = Enumerable.Range(0, 200)
            .Select(i => client.CallAsync(TestServer.Service, "Wait", Encoding.UTF8.GetBytes($"{i}")))
            .ToArray();

        await client.CallAsync(TestServer.Service, "Echo", default);
        Assert.DoesNotContain(waits, wait => wait.IsCompleted);
        host.Release.SetResult();

        var answers = await Task.WhenAll(waits);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i}"), answers.Select(answer => Encoding.UTF8.GetString(answer.Span)));
    }

    [Fact]
    public async Task Calls_from_many_threads_get_their_own_answers()
    {
        await using var host = new TestServer();
        await using var client = await host.ConnectAsync();

        await Parallel.ForAsync(0, 5000, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, cancellation) =>
        {
            var payload = new byte[i % 7 == 0 ? 20_000 : 20];
            BitConverter.TryWriteBytes(payload, i);
            var answer = await client.CallAsync(TestServer.Service, "Echo", payload, TimeSpan.FromSeconds(30), cancellation: cancellation);
            Assert.True(answer.Span.SequenceEqual(payload));
        });
    }

    [Fact]
    public async Task A_status_is_thrown_and_the_connection_stays()
    {
        await using var host = new TestServer();
        await using var client = await host.ConnectAsync();

        var failure = await Assert.ThrowsAsync<TtrpcException>(() => client.CallAsync(TestServer.Service, "Fail", default));

        Assert.Equal((TtrpcStatus.NotFound, "no such task"), (failure.Status, failure.Message));
        await client.CallAsync(TestServer.Service, "Echo", default);
    }

    [Fact]
    public async Task A_request_that_does_not_fit_is_refused_before_it_is_sent()
    {
        await using var host = new TestServer();
        await using var client = await host.ConnectAsync();

        var failure = await Assert.ThrowsAsync<TtrpcException>(
            () => client.CallAsync(TestServer.Service, "Echo", new byte[FrameHeader.DataBytesMax]));

        Assert.Equal(TtrpcStatus.ResourceExhausted, failure.Status);
        await client.CallAsync(TestServer.Service, "Echo", default);
    }

    [Fact]
    public async Task Connection_loss_fails_every_pending_call_with_the_first_cause()
    {
        var (client, peer) = Connect();
        var calls = Enumerable.Range(0, 50).Select(_ => client.CallAsync("s", "m", default)).ToArray();
        for (var i = 0; i < calls.Length; i++)
        {
            await peer.ReceiveFrameAsync();
        }

        peer.Dispose();

        foreach (var call in calls)
        {
            var failure = await Assert.ThrowsAsync<TtrpcConnectionException>(() => call);
            Assert.Equal("The server closed the connection.", failure.Message);
        }

        var late = await Assert.ThrowsAsync<TtrpcConnectionException>(() => client.CallAsync("s", "m", default));
        Assert.Equal("The server closed the connection.", late.Message);
        Assert.Equal("The server closed the connection.", (await client.Ended).Message);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task An_answer_cut_off_in_the_middle_fails_its_call_too()
    {
        var (client, peer) = Connect();
        var call = client.CallAsync("s", "m", default);
        await peer.ReceiveFrameAsync();

        await peer.SendAsync(0, 0, 0, 50, 0, 0, 0, 1, 2, 0, 1, 2, 3);
        peer.Dispose();

        Assert.Contains("3 of 50", (await Assert.ThrowsAsync<TtrpcConnectionException>(() => call)).Message);
    }

    [Fact]
    public async Task A_timeout_is_sent_and_held_on_this_side_too()
    {
        var time = new ManualTime();
        var (client, peer) = Connect(time);
        var call = client.CallAsync("s", "m", default, TimeSpan.FromSeconds(2));
        var request = RequestMessage.Decode((await peer.ReceiveFrameAsync()).AsMemory(10));
        Assert.Equal(2_000_000_000, request.TimeoutNano);

        await Observations.EventuallyAsync(() => time.Waiting == 1, "the timer is armed");
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TtrpcStatus.DeadlineExceeded, (await Assert.ThrowsAsync<TtrpcException>(() => call)).Status);

        // The late answer disturbs nobody.
        var next = client.CallAsync("s", "m", default);
        await peer.ReceiveFrameAsync();
        await peer.SendFrameAsync(1, 2, 0, 0x12, 1, 1);
        await peer.SendFrameAsync(3, 2, 0, 0x12, 1, 2);
        Assert.Equal([2], (await next).ToArray());
    }

    [Fact]
    public async Task A_cancelled_call_leaves_the_connection_to_the_others()
    {
        await using var host = new TestServer();
        await using var client = await host.ConnectAsync();
        using var cancel = new CancellationTokenSource();
        var wait = client.CallAsync(TestServer.Service, "Wait", default, cancellation: cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        await client.CallAsync(TestServer.Service, "Echo", default);
    }

    [Fact]
    public async Task Answers_of_any_order_garbage_and_oversize_reach_only_their_call()
    {
        var (client, peer) = Connect();
        var calls = new List<Task<ReadOnlyMemory<byte>>>();
        for (var i = 0; i < 4; i++)
        {
            calls.Add(client.CallAsync("s", "m", default));
            await peer.ReceiveFrameAsync();
        }

        await peer.SendFrameAsync(7, 2, 0, 0x12, 1, 7);
        await peer.SendFrameAsync(5, 2, 0, 0xff);
        await peer.SendFrameAsync(3, 2, 0, new byte[FrameHeader.DataBytesMax + 1]);
        await peer.SendFrameAsync(1, 3, 0, 1, 2, 3);
        await peer.SendFrameAsync(99, 2, 0, 1, 2, 3);
        await peer.SendFrameAsync(1, 2, 0, 0x12, 1, 1);

        Assert.Equal([1], (await calls[0]).ToArray());
        Assert.Equal(TtrpcStatus.ResourceExhausted, (await Assert.ThrowsAsync<TtrpcException>(() => calls[1])).Status);
        Assert.Equal(TtrpcStatus.Internal, (await Assert.ThrowsAsync<TtrpcException>(() => calls[2])).Status);
        Assert.Equal([7], (await calls[3]).ToArray());
    }

    [Fact]
    public async Task Disposal_fails_what_is_pending()
    {
        await using var host = new TestServer();
        var client = await host.ConnectAsync();
        var wait = client.CallAsync(TestServer.Service, "Wait", default);

        await client.DisposeAsync();

        Assert.Contains("closed by this side", (await Assert.ThrowsAsync<TtrpcConnectionException>(() => wait)).Message);
    }

    [Fact]
    public async Task Nobody_listening_is_said_with_the_address()
    {
        var failure = await Assert.ThrowsAsync<TtrpcConnectionException>(() => TtrpcClient.ConnectAsync("unix:///nowhere/socket"));
        Assert.Contains("unix:///nowhere/socket", failure.Message);
    }

    [Theory]
    [InlineData("unix:///run/x.sock", "/run/x.sock")]
    [InlineData("/run/x.sock", "/run/x.sock")]
    [InlineData("@name", "@name")]
    [InlineData("unix://@name", "@name")]
    public void Addresses_are_read_as_containerd_writes_them(string address, string expected) =>
        Assert.Equal(expected, TtrpcAddress.Parse(address).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("unix://")]
    [InlineData("tcp://1.2.3.4:5")]
    [InlineData("/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/01234567")]
    public void Addresses_of_another_kind_or_too_long_are_refused(string address) =>
        Assert.Throws<ArgumentException>(() => TtrpcAddress.Parse(address));

    private static (TtrpcClient Client, RawPeer Server) Connect(TimeProvider? time = null)
    {
        var (one, other) = DuplexStream.CreatePair();
        return (new TtrpcClient(one, time ?? TimeProvider.System), new RawPeer(other));
    }
}
