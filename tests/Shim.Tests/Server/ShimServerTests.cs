using System.Net.Sockets;
using Skiff.Guest;
using Skiff.Shim.Bootstrap;
using Skiff.Shim.Events;
using Skiff.Shim.Listing;
using Skiff.Shim.Pods;
using Skiff.Shim.Server;
using Skiff.Shim.Tests.Doubles;
using Skiff.Testing;
using Skiff.Ttrpc;

namespace Skiff.Shim.Tests.Server;

public sealed class ShimServerTests : IDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("sks").FullName;
    private readonly TestTasks _tasks = new();
    private ShimServer? _server;

    private string SocketPath => Path.Combine(_folder, "s");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task An_idle_server_leaves_however_often_it_is_looked_at()
    {
        await using var events = new EventQueue("test", new NoForwarder(), TimeProvider.System, _tasks.Log);
        var serving = Serve(events, TimeProvider.System, Idle);
        while (!serving.IsCompleted)
        {
            await LookAsync();
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        await serving;
        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public async Task A_connection_that_may_want_something_makes_it_stay_a_while_longer()
    {
        await using var events = new EventQueue("test", new NoForwarder(), TimeProvider.System, _tasks.Log);
        var time = new ManualTime();
        var serving = Serve(events, time, Idle);
        await using (var client = await TtrpcClient.ConnectAsync(SocketPath))
        {
            // Its answer says that the connection has been accepted.
            await Assert.ThrowsAsync<TtrpcException>(() => client.CallAsync("no.such.Service", "Method", ReadOnlyMemory<byte>.Empty, Patience));
        }

        await TestTasks.BecomesTrueAsync(() => time.Waiting > 0);
        time.Advance(Idle);
        await TestTasks.BecomesTrueAsync(() => time.Waiting > 0);
        Assert.False(serving.IsCompleted);
        time.Advance(Idle);
        await serving.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_server_whose_last_task_has_gone_leaves_although_nobody_asks_it()
    {
        await using var events = new EventQueue("test", new NoForwarder(), TimeProvider.System, _tasks.Log);
        var time = new ManualTime();
        var serving = Serve(events, time, lingers: null);
        await TestTasks.BecomesTrueAsync(() => time.Waiting > 0);
        _server!.Used();
        time.Advance(TimeSpan.FromSeconds(4));
        await serving.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.False(File.Exists(SocketPath));
    }

    private Task Serve(EventQueue events, TimeProvider time, TimeSpan? lingers)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        listener.Listen();
        var pods = new PodService("test", _tasks.Sandbox, ShimOptions.Default, "/opt/shim", time);
        _server = new ShimServer(SocketPath, _tasks.Service, pods, events, time, _tasks.Log, lingers);
        var status = new StatusRpc("test", Isolation.Node, _tasks.Service, _server);
        return _server.RunAsync(
            listener,
            new Dictionary<string, IReadOnlyDictionary<string, TtrpcHandler>>(StringComparer.Ordinal) { [NodeStatus.Service] = status.Methods() });
    }

    private async Task LookAsync()
    {
        try
        {
            await using var client = await TtrpcClient.ConnectAsync(SocketPath);
            await client.CallAsync(NodeStatus.Service, NodeStatus.List, ReadOnlyMemory<byte>.Empty, Patience);
        }
        catch (Exception gone) when (gone is TtrpcException or TtrpcConnectionException)
        {
            // It has left, which is what is waited for.
        }
    }

    private sealed class NoForwarder : IEventForwarder
    {
        public Task ForwardAsync(ReadOnlyMemory<byte> forwardRequest, CancellationToken cancellation) => Task.CompletedTask;
    }
}
