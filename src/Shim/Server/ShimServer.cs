using System.Net.Sockets;
using System.Threading.Channels;
using Skiff.Shim.Bootstrap;
using Skiff.Shim.Events;
using Skiff.Shim.Pods;
using Skiff.Shim.Tasks;
using Skiff.Ttrpc;

namespace Skiff.Shim.Server;

/// <summary>
/// The server of a group: serves until nothing is left to serve, and then leaves without a trace. It leaves on Shutdown, and by
/// itself when nobody wants anything of it (containerd died between <c>start</c> and Create, say).
/// </summary>
/// <param name="lingers">The node's server: it goes when it has had no task for so long, and not before. Null: the server of a pod.</param>
internal sealed class ShimServer(
    string socketPath, TaskService tasks, PodService pods, EventQueue events, TimeProvider time, ShimLog log, TimeSpan? lingers = null) : IServerUse
{
    /// <summary>
    /// How long it stays without a task: containerd's Create follows <c>start</c> within milliseconds. A connection that came meanwhile
    /// (a containerd that was restarted looks in) gives it the same time once more.
    /// </summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long it stays after it was asked to leave while somebody looked in: the connection of a <c>start</c> that counts on us
    /// is followed by a Create at once, that of a <c>delete</c> which only looks whether we live by nothing.
    /// </summary>
    private static readonly TimeSpan SecondLookTime = TimeSpan.FromSeconds(2);

    /// <summary>The same once more: when a hundred containers end at once, their <c>delete</c>s come late.</summary>
    private static readonly TimeSpan ThirdLookTime = TimeSpan.FromSeconds(4);

    /// <summary>How long after its last task's end it waits to be asked: containerd tries for 3 s.</summary>
    private static readonly TimeSpan UnaskedTime = TimeSpan.FromSeconds(3.5);

    /// <summary>How long it waits at its end for containerd to take the last events.</summary>
    private static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(5);

    /// <summary>For the answers of the last calls, Shutdown's own among them.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(500);

    private readonly Channel<bool> _leaveAsked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private long _connectionsAtLastUse;
    private long _looks;

    // It was asked to leave, and nothing was made since.
    private volatile bool _going;
    private readonly TimeSpan _idleTime = lingers ?? IdleTime;
    private TimeSpan _patience = lingers ?? IdleTime;
    private TtrpcServer? _server;

    public void AskToLeave()
    {
        // A server of all pods is asked with the end of each.
        if (lingers is null)
        {
            _leaveAsked.Writer.TryWrite(true);
        }
    }

    public void Used()
    {
        _going = false;
        Interlocked.Exchange(ref _connectionsAtLastUse, Connections);
        if (tasks.Count == 0)
        {
            _ = LeaveUnaskedAsync();
        }
    }

    // containerd asks after the last Delete, but gives that up when it is busy with hundreds of them.
    private async Task LeaveUnaskedAsync()
    {
        await Task.Delay(UnaskedTime, time);
        AskToLeave();
    }

    public void LookedAt() => Interlocked.Increment(ref _looks);

    /// <summary>Those that may have come for something.</summary>
    private long Connections => (_server?.ConnectionsAccepted ?? 0) - Interlocked.Read(ref _looks);

    /// <summary>Serves on <paramref name="listener"/> until it has left.</summary>
    public async Task RunAsync(Socket listener, IReadOnlyDictionary<string, IReadOnlyDictionary<string, TtrpcHandler>> services)
    {
        using var server = new TtrpcServer(services, new TtrpcServerOptions
        {
            Time = time,
            StopGrace = AnswerTime,
            ConnectionBroken = cause => log.Warn($"a connection has broken: {cause.Message}"),
            HandlerFailed = (call, failure) => log.Error($"{call.Method} has failed", failure),
            AcceptFailed = failure => log.Error("a connection cannot be accepted", failure),
        });
        _server = server;
        var serving = server.ServeAsync(listener, CancellationToken.None);
        while (!await TryLeaveAsync(listener))
        {
        }

        await server.StopAsync(AnswerTime);
        await serving;
        if (!await events.FlushAsync(FlushTime))
        {
            log.Warn($"leaving although containerd has not taken {events.Length} events within {FlushTime.TotalSeconds:0} s");
        }
    }

    /// <summary>Waits until it is asked to leave or has been idle, and leaves if it may.</summary>
    private async Task<bool> TryLeaveAsync(Socket listener)
    {
        var before = Connections;
        var asked = await WaitForLeaveAsync();
        if (!asked)
        {
            await tasks.RemoveAbandonedAsync();
        }

        if (!(tasks.TryClose() && pods.TryClose()))
        {
            Stay(_idleTime);
            return false;
        }

        // The lock keeps a `start` from finding a server that is about to go.
        using (ShimSocket.Lock(Path.GetDirectoryName(socketPath)!))
        {
            // A connection that came after the last use is a `start` or a containerd that counts on us staying. On a busy machine
            // it may still wait to be accepted.
            var last = asked ? Interlocked.Read(ref _connectionsAtLastUse) : before;
            if (Connections != last || listener.Poll(TimeSpan.Zero, SelectMode.SelectRead))
            {
                Stay(asked ? SecondLookTime : _going ? ThirdLookTime : _idleTime);
                _going |= asked;
                return false;
            }

            File.Delete(socketPath);
            return true;
        }
    }

    /// <summary>True when it was asked to leave, false when it was not for as long as its patience lasts.</summary>
    private async Task<bool> WaitForLeaveAsync()
    {
        using var giveUp = new CancellationTokenSource(_patience, time);
        try
        {
            await _leaveAsked.Reader.ReadAsync(giveUp.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Stay(TimeSpan patience)
    {
        _patience = patience;
        tasks.Reopen();
        pods.Reopen();
    }
}
