using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace Skiff.Ttrpc;

/// <summary>
/// Serves TTRPC calls (ttrpc PROTOCOL.md, unary calls only) over Unix stream sockets, from one table: service → method → handler.
/// Connections do not know of each other: what one does, or its loss, touches no call of another.
/// </summary>
public sealed class TtrpcServer(
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, TtrpcHandler>> services, TtrpcServerOptions? options = null) : IDisposable
{
    /// <summary>How long cancelled calls may take to answer before their connections are closed.</summary>
    private static readonly TimeSpan CancelledAnswerGrace = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Pause after an accept that failed for lack of descriptors or memory: without it the loop would spin until some are freed.
    /// </summary>
    private static readonly TimeSpan AcceptRetryDelay = TimeSpan.FromMilliseconds(100);

    private const int NameCharactersMax = 200;

    private readonly Lock _gate = new();
    private readonly HashSet<ServerConnection> _connections = [];
    private readonly CancellationTokenSource _stopAccepting = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _allClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _stopped;
    private volatile bool _stopping;
    private int _callsInFlight;
    private long _connectionsAccepted;

    /// <summary>Connections open now.</summary>
    public int ActiveConnections
    {
        get
        {
            lock (_gate)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Connections since the start. Unchanged between two looks, with none active: nobody uses the server.</summary>
    public long ConnectionsAccepted => Interlocked.Read(ref _connectionsAccepted);

    /// <summary>Calls of all connections whose answer is not yet sent.</summary>
    public int CallsInFlight => Volatile.Read(ref _callsInFlight);

    internal TtrpcServerOptions Options { get; } = options ?? new TtrpcServerOptions();

    internal bool IsStopping => _stopping;

    /// <summary>
    /// Accepts and serves until <paramref name="cancellation"/> or <see cref="StopAsync"/>, then stops gracefully and returns.
    /// Owns and closes <paramref name="listener"/>; removing its file is the caller's.
    /// </summary>
    /// <param name="listener">A bound, listening stream socket.</param>
    /// <exception cref="SocketException">The listener itself failed; connections are closed first.</exception>
    public async Task ServeAsync(Socket listener, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(listener);
        try
        {
            using (listener)
            using (var accepting = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopAccepting.Token))
            {
                await AcceptLoopAsync(listener, accepting.Token);
            }
        }
        finally
        {
            await StopAsync(Options.StopGrace);
        }
    }

    /// <summary>
    /// Stops gracefully; ends when all connections are closed. A second stop waits for the first. A handler must not await
    /// this: the stop waits for the handler's own answer.
    /// </summary>
    /// <param name="grace">How long calls in flight may still answer on their own.</param>
    public Task StopAsync(TimeSpan grace)
    {
        lock (_gate)
        {
            return _stopped ??= Task.Run(() => StopInStepsAsync(grace));
        }
    }

    public void Dispose() => _stopAccepting.Dispose();

    /// <summary>Serves one connection until it ends. Owns <paramref name="stream"/>.</summary>
    internal async Task ServeConnectionAsync(Stream stream)
    {
        var connection = new ServerConnection(this, stream);
        if (!TryAdd(connection))
        {
            connection.Dispose();
            return;
        }

        try
        {
            await connection.RunAsync();
        }
        finally
        {
            Remove(connection);
        }
    }

    internal bool TryFindHandler(
        in RequestMessage request, FrameFlags flags, [NotNullWhen(true)] out TtrpcHandler? handler, [NotNullWhen(false)] out string? reason)
    {
        handler = null;
        reason = !services.TryGetValue(request.Service, out var methods) ? $"Unknown service '{Shorten(request.Service)}'."
            : !methods.TryGetValue(request.Method, out handler) ? $"Service '{request.Service}' has no method '{Shorten(request.Method)}'."
            : (flags & FrameFlags.RemoteOpen) != 0 ? "Streaming calls are not served."
            : null;
        return reason is null;
    }

    internal bool TryEnterCall()
    {
        // Counted before the look, so that a stop that begins in between waits for this call.
        Interlocked.Increment(ref _callsInFlight);
        return !_stopping;
    }

    internal void LeaveCall()
    {
        if (Interlocked.Decrement(ref _callsInFlight) == 0 && _stopping)
        {
            _drained.TrySetResult();
        }
    }

    private async Task AcceptLoopAsync(Socket listener, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var socket = await listener.AcceptAsync(cancellation);
                _ = ServeConnectionAsync(new NetworkStream(socket, ownsSocket: true));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException failure) when (IsPassing(failure.SocketErrorCode))
            {
                Options.AcceptFailed?.Invoke(failure);
                await Task.Delay(AcceptRetryDelay, Options.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static bool IsPassing(SocketError error) => error
        is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.ConnectionAborted
        or SocketError.ConnectionReset or SocketError.Interrupted;

    private bool TryAdd(ServerConnection connection)
    {
        lock (_gate)
        {
            if (_stopping || _connections.Count >= Options.ConnectionsMax)
            {
                return false;
            }

            _connectionsAccepted++;
            return _connections.Add(connection);
        }
    }

    private void Remove(ServerConnection connection)
    {
        lock (_gate)
        {
            _connections.Remove(connection);
            if (_stopping && _connections.Count == 0)
            {
                _allClosed.TrySetResult();
            }
        }
    }

    private async Task StopInStepsAsync(TimeSpan grace)
    {
        // 1. No new connections.
        await _stopAccepting.CancelAsync();

        // 2. No new calls: they are answered Unavailable from here on.
        ServerConnection[] connections;
        lock (_gate)
        {
            _stopping = true;
            connections = [.. _connections];
            if (connections.Length == 0)
            {
                _allClosed.TrySetResult();
            }
        }

        // 3. Calls in flight may answer.
        await DrainAsync(grace);

        // 4. What is left (a Wait lasts as long as its process) is cancelled and answers Unavailable.
        await Task.WhenAll(Array.ConvertAll(connections, connection => connection.CancelCallsAsync()));
        await DrainAsync(CancelledAnswerGrace);

        // 5. Close.
        foreach (var connection in connections)
        {
            connection.Abort(new TtrpcConnectionException("The server stopped."));
        }

        await _allClosed.Task;
    }

    private async Task DrainAsync(TimeSpan atMost)
    {
        if (CallsInFlight == 0)
        {
            return;
        }

        try
        {
            await _drained.Task.WaitAsync(atMost, Options.Time);
        }
        catch (TimeoutException)
        {
            // The grace is over: the next step deals with the calls that are left.
        }
    }

    private static string Shorten(string name) => name.Length <= NameCharactersMax ? name : name[..NameCharactersMax] + "…";
}
