using System.Net;
using System.Net.Sockets;
using Skiff.Http.Serving;

namespace Skiff.Http.Listening;

/// <summary>One listening socket and the connections that came from it.</summary>
public sealed class SiteListener : IDisposable
{
    // Waits of an accept loop whose process is out of descriptors: long enough to let some go, short enough to be unnoticed.
    private static readonly TimeSpan OutOfDescriptors = TimeSpan.FromMilliseconds(50);

    // Between two connections, for the other processes to have the next one: of a burst the first to wake would else take all.
    private static readonly TimeSpan OthersTurn = TimeSpan.FromMilliseconds(1);

    private readonly Socket _socket;
    private readonly HttpSite _site;
    private readonly TlsIdentity? _tls;
    private readonly AcceptedConnections _connections;
    private readonly ConnectionSource _source;
    private readonly HttpLimits _limits;
    private readonly SemaphoreSlim _places;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly HashSet<SiteConnection> _alive = [];
    private TaskCompletionSource? _emptied;
    private Task _accepting = Task.CompletedTask;
    private long _heldBack;

    internal SiteListener(
        Socket socket, HttpSite site, TlsIdentity? tls, AcceptedConnections connections, ConnectionSource source, HttpLimits limits)
    {
        (_socket, _site, _tls, _connections, _source, _limits) = (socket, site, tls, connections, source, limits);
        _places = new SemaphoreSlim(site.ConnectionsMax);
        EndPoint = socket.LocalEndPoint!;
    }

    /// <summary>Where it really listens: with port 0 asked for, the port that the kernel chose.</summary>
    public EndPoint EndPoint { get; }

    /// <summary>Connections alive.</summary>
    public int ConnectionCount
    {
        get
        {
            lock (_gate)
            {
                return _alive.Count;
            }
        }
    }

    /// <summary>How often there were as many connections as may be, and no further one was accepted until one ended.</summary>
    public long HeldBack => Volatile.Read(ref _heldBack);

    internal void Start() => _accepting = AcceptAsync();

    /// <summary>Accepts no more and asks the connections to close; those alive go on. For a listener whose work others take over.</summary>
    public async Task StopAcceptingAsync()
    {
        await _stopping.CancelAsync();
        _socket.Dispose();
        await _accepting;
        foreach (var connection in Alive())
        {
            if (!connection.RequestClose())
            {
                connection.Abort();
            }
        }
    }

    /// <summary>As <see cref="HttpHost.StopAsync(TimeSpan)"/>, for this listener alone.</summary>
    public async Task StopAsync(TimeSpan grace, TimeProvider time)
    {
        await StopAcceptingAsync();
        Task emptied;
        lock (_gate)
        {
            _emptied ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_alive.Count == 0)
            {
                return;
            }

            emptied = _emptied.Task;
        }

        try
        {
            await emptied.WaitAsync(grace, time);
        }
        catch (TimeoutException)
        {
            foreach (var connection in Alive())
            {
                connection.Abort();
            }

            await emptied;
        }
    }

    /// <summary>After <see cref="StopAsync"/>; the host does it.</summary>
    public void Dispose()
    {
        _socket.Dispose();
        _stopping.Dispose();
        _places.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket accepted;
            try
            {
                await TakePlaceAsync();
                accepted = await _socket.AcceptAsync(_stopping.Token);
            }
            catch (SocketException fault) when (fault.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
            {
                _places.Release();
                await Task.Delay(OutOfDescriptors, _connections.Time);
                continue;
            }
            catch (SocketException) when (!_stopping.IsCancellationRequested)
            {
                // A connection that the client reset before we took it: not the listener's end (accept(2), ECONNABORTED).
                _places.Release();
                continue;
            }
            catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            Begin(accepted);
            if (_site.SharesSocket)
            {
                await Task.Delay(OthersTurn, _connections.Time);
            }
        }
    }

    private Task TakePlaceAsync()
    {
        // Only this loop takes places.
        if (_places.CurrentCount == 0)
        {
            Interlocked.Increment(ref _heldBack);
        }

        return _places.WaitAsync(_stopping.Token);
    }

    private void Begin(Socket accepted)
    {
        SiteConnection connection;
        try
        {
            connection = _connections.Create(accepted, _site, Ended);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // Reset meanwhile: setting TCP_NODELAY on it fails.
            accepted.Dispose();
            _places.Release();
            return;
        }

        lock (_gate)
        {
            _alive.Add(connection);
        }

        _ = OfferAsync(connection);
    }

    /// <summary>Finds out what the connection speaks and hands it to the server. Owns its failure: nobody awaits it.</summary>
    private async Task OfferAsync(SiteConnection connection)
    {
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            var http2 = _tls is null
                ? await ProtocolDetection.IsHttp2Async(connection, _limits.KeepAlive, deadline, _connections.Time)
                : await TlsConnection.HandshakeAsync(connection, _tls, _limits.RequestHead, deadline, _connections.Time);
            if (http2 is { } version && _source.TryOffer(connection, version))
            {
                return;
            }
        }
        catch (Exception)
        {
            // Whatever a client does wrong before its first request costs it the connection and nobody else anything.
        }

        connection.Abort();
        await connection.DisposeAsync();
    }

    private void Ended(SiteConnection connection)
    {
        lock (_gate)
        {
            _alive.Remove(connection);
            if (_alive.Count == 0)
            {
                _emptied?.TrySetResult();
            }
        }

        _places.Release();
    }

    private SiteConnection[] Alive()
    {
        lock (_gate)
        {
            return [.. _alive];
        }
    }
}
