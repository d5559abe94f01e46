using System.Net.Sockets;

namespace Skiff.Ttrpc.Tests.Doubles;

/// <summary>
/// A server with a few test methods, reachable through memory and through a real socket.
/// <c>test.Echo/Echo</c>, <c>Fail</c>, <c>Throw</c>, <c>Wait</c> (until <see cref="Release"/>), <c>Block</c>.
/// </summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const string Service = "test.Echo";

    private readonly string _folder = Directory.CreateTempSubdirectory("skiff-ttrpc-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public TestServer(Func<TestServer, TtrpcServerOptions>? options = null)
    {
        Server = new TtrpcServer(
            new Dictionary<string, IReadOnlyDictionary<string, TtrpcHandler>>
            {
                [Service] = new Dictionary<string, TtrpcHandler>
                {
                    ["Echo"] = (payload, _) => new(payload),
                    ["Fail"] = (_, _) => throw new TtrpcException(TtrpcStatus.NotFound, "no such task"),
                    ["Throw"] = (_, _) => throw new InvalidOperationException("a bug"),
                    ["Wait"] = WaitAsync,
                    ["Block"] = Block,
                    ["Huge"] = (_, _) => new(new byte[5 * 1024 * 1024]),
                },
            },
            options?.Invoke(this) ?? DefaultOptions());
        Address = Path.Combine(_folder, "s");
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Address));
        listener.Listen(1024);
        _serving = Server.ServeAsync(listener, _stop.Token);
    }

    public TtrpcServer Server { get; }

    public string Address { get; }

    public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ManualResetEventSlim Unblock { get; } = new();

    public Observations Seen { get; } = new();

    public TtrpcServerOptions DefaultOptions(TimeProvider? time = null) => new()
    {
        Time = time ?? TimeProvider.System,
        StopGrace = TimeSpan.Zero,
        ConnectionBroken = Seen.Broken.Enqueue,
        HandlerFailed = (call, failure) => Seen.Failures.Enqueue((call.Method, failure)),
    };

    public Task<TtrpcClient> ConnectAsync() => TtrpcClient.ConnectAsync(Address);

    public async Task<RawPeer> ConnectRawAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Address));
        return new RawPeer(new NetworkStream(socket, ownsSocket: true));
    }

    /// <param name="pieceBytesMax">How much one read gets at most, on both sides.</param>
    public RawPeer ConnectInMemory(int pieceBytesMax = int.MaxValue)
    {
        var (one, other) = DuplexStream.CreatePair(pieceBytesMax);
        _ = Server.ServeConnectionAsync(other);
        return new RawPeer(one);
    }

    public async ValueTask DisposeAsync()
    {
        Unblock.Set();
        await _stop.CancelAsync();
        await _serving.WaitAsync(TimeSpan.FromSeconds(30));
        Server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async ValueTask<ReadOnlyMemory<byte>> WaitAsync(ReadOnlyMemory<byte> payload, TtrpcCall call)
    {
        try
        {
            await Release.Task.WaitAsync(call.CancellationToken);
            return payload;
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref Seen.WaitsCancelled);
            throw;
        }
    }

    private ValueTask<ReadOnlyMemory<byte>> Block(ReadOnlyMemory<byte> payload, TtrpcCall call)
    {
        Unblock.Wait(CancellationToken.None);
        return new(payload);
    }
}
