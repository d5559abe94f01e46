using Skiff.Ttrpc.Tests.Doubles;

namespace Skiff.Ttrpc.Tests;

[Collection(MeasuringMemory.Name)]
public sealed class FuzzTests
{
    [Fact]
    public Task Frames_read_in_any_pieces_are_the_frames_written() => Seeds.RunAsync(300, async random =>
    {
        var (one, other) = DuplexStream.CreatePair(random.Next(1, 2000));
        var written = new List<byte[]>();
        for (var i = random.Next(1, 12); i > 0; i--)
        {
            var data = new byte[random.Next(4) switch { 0 => 0, 1 => random.Next(600), 2 => random.Next(20_000), _ => random.Next(200_000) }];
            random.NextBytes(data);
            written.Add(data);
            await one.WriteAsync(RawPeer.Frame((uint)random.Next(), (byte)random.Next(256), (byte)random.Next(256), data));
        }

        one.Dispose();
        var reader = new FrameReader(other);
        foreach (var data in written)
        {
            var header = await reader.ReadHeaderAsync();
            Assert.Equal((uint)data.Length, header!.Value.DataLength);
            if (random.Next(4) == 0)
            {
                await reader.SkipDataAsync((uint)data.Length);
            }
            else
            {
                Assert.Equal(data, await reader.ReadDataAsync(data.Length));
            }
        }

        Assert.Null(await reader.ReadHeaderAsync());
    });

    [Fact]
    public Task Any_bytes_decode_or_are_refused() => Seeds.RunAsync(20_000, random =>
    {
        var bytes = random.Next(2) == 0 ? RandomBytes(random, 200) : Mutate(random, GoodRequest(random));
        foreach (var decode in (Action<byte[]>[])[b => RequestMessage.Decode(b), b => ResponseMessage.Decode(b)])
        {
            try
            {
                decode(bytes);
            }
            catch (WireFormatException)
            {
                // The one way to refuse.
            }
        }

        return Task.CompletedTask;
    });

    [Fact]
    public Task What_is_encoded_decodes_to_the_same() => Seeds.RunAsync(2000, random =>
    {
        var metadata = Enumerable.Range(0, random.Next(5))
            .Select(_ => KeyValuePair.Create(RandomText(random), RandomText(random)))
            .ToArray();
        var request = new RequestMessage(RandomText(random), RandomText(random), RandomBytes(random, 500), random.NextInt64(), metadata);
        var back = RequestMessage.Decode(request.Encode(1).Bytes[10..]);
        Assert.Equal((request.Service, request.Method, request.TimeoutNano), (back.Service, back.Method, back.TimeoutNano));
        Assert.Equal(request.Payload.ToArray(), back.Payload.ToArray());
        Assert.Equal(metadata, back.Metadata);

        var response = ResponseMessage.Failure((TtrpcStatus)random.Next(1, 17), RandomText(random));
        var answer = ResponseMessage.Decode(response.Encode(1).Bytes[10..]);
        Assert.Equal((response.Status, response.Message), (answer.Status, answer.Message));
        return Task.CompletedTask;
    });

    [Fact]
    public async Task A_server_under_random_bytes_still_serves_a_good_client_in_bounded_memory()
    {
        await using var host = new TestServer();
        await using var good = await host.ConnectAsync();
        var waiting = good.CallAsync(TestServer.Service, "Wait", "x"u8.ToArray());
        await good.CallAsync(TestServer.Service, "Echo", default);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await Seeds.RunAsync(400, async random =>
        {
            using (var peer = random.Next(3) == 0 ? await host.ConnectRawAsync() : host.ConnectInMemory(random.Next(1, 3000)))
            {
                await AttackAsync(peer, random);
            }

            Assert.Equal([1, 2], (await good.CallAsync(TestServer.Service, "Echo", new byte[] { 1, 2 }, TimeSpan.FromSeconds(20))).ToArray());
        });

        await Observations.EventuallyAsync(() => host.Server.ActiveConnections == 1 && host.Server.CallsInFlight == 1, "the attackers are gone");
        Assert.False(waiting.IsCompleted);
        host.Release.SetResult();
        await waiting;
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 16 * 1024 * 1024, $"Memory grew by {grown} bytes.");
    }

    [Fact]
    public Task A_client_under_random_bytes_ends_every_call() => Seeds.RunAsync(300, async random =>
    {
        var (one, other) = DuplexStream.CreatePair(random.Next(1, 500));
        var client = new TtrpcClient(one, TimeProvider.System);
        var calls = Enumerable.Range(0, 10).Select(_ => client.CallAsync("s", "m", default)).ToArray();
        var server = new RawPeer(other);
        for (var i = 0; i < 15; i++)
        {
            var data = RandomBytes(random, 40);
            var frame = RawPeer.Frame((uint)random.Next(25), (byte)random.Next(1, 4), 0, data);
            await server.SendAsync(random.Next(10) == 0 ? Mutate(random, frame) : frame);
        }

        server.Dispose();
        foreach (var call in calls)
        {
            await ((Task)call.WaitAsync(TimeSpan.FromSeconds(20))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Assert.True(call.IsCompletedSuccessfully || call.Exception?.InnerException is TtrpcException or TtrpcConnectionException,
                $"{call.Status} {client.Ended.Status} {(client.Ended.IsCompleted ? client.Ended.Result.ToString() : "")}");
        }

        await client.DisposeAsync();
    });

    private static async Task AttackAsync(RawPeer peer, Random random)
    {
        uint id = 1;
        try
        {
            for (var i = random.Next(1, 30); i > 0; i--, id += 2)
            {
                var frame = random.Next(8) switch
                {
                    0 => RandomBytes(random, 400),
                    1 => RawPeer.Frame(id, 1, 0, RandomBytes(random, 400)),
                    2 => Mutate(random, RawPeer.Frame(id, 1, 0, GoodRequest(random))),
                    3 => RawPeer.Frame(id, 1, 0, Mutate(random, GoodRequest(random))),
                    4 => RawPeer.Frame((uint)random.Next(), (byte)random.Next(256), (byte)random.Next(256), RandomBytes(random, 3000)),
                    _ => RawPeer.Frame(id, 1, 0, GoodRequest(random)),
                };
                await peer.SendAsync(frame);
            }
        }
        catch (IOException)
        {
            // The server closed the connection first: its right, and the next round looks whether it lives.
        }
    }

    private static byte[] GoodRequest(Random random)
    {
        var method = random.Next(5) switch { 0 => "Wait", 1 => "Fail", 2 => "Throw", 3 => RandomText(random), _ => "Echo" };
        return ServerTests.RequestBytes(TestServer.Service, method, RandomBytes(random, 2000), random.Next(4) == 0 ? random.Next(-5, 50_000_000) : 0);
    }

    private static byte[] Mutate(Random random, byte[] bytes)
    {
        for (var i = random.Next(1, 6); i > 0 && bytes.Length > 0; i--)
        {
            switch (random.Next(4))
            {
                case 0:
                    bytes = bytes[..random.Next(bytes.Length)];
                    break;
                case 1:
                    var at = random.Next(bytes.Length);
                    bytes = [.. bytes[..at], .. RandomBytes(random, 8), .. bytes[at..]];
                    break;
                default:
                    // Mostly near the start, where the lengths are.
                    bytes[random.Next(2) == 0 ? random.Next(Math.Min(bytes.Length, 16)) : random.Next(bytes.Length)] = (byte)random.Next(256);
                    break;
            }
        }

        return bytes;
    }

    private static byte[] RandomBytes(Random random, int lengthMax)
    {
        var bytes = new byte[random.Next(lengthMax)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string RandomText(Random random) =>
        new([.. Enumerable.Range(0, random.Next(20)).Select(_ => (char)random.Next(1, 0xd7ff))]);
}
