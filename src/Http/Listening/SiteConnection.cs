using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Skiff.Http.Serving;

namespace Skiff.Http.Listening;

/// <summary>
/// A connection that knows its site, tells its listener when it has ended, and stands a client's half-close. Owned by Kestrel
/// once offered, which disposes it.
/// </summary>
internal sealed class SiteConnection : ConnectionContext, IConnectionLifetimeFeature
{
    private readonly ConnectionContext _inner;
    private readonly Socket _socket;
    private readonly TimeSpan _halfClosed;
    private readonly TimeProvider _time;
    private readonly Action<SiteConnection> _ended;
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenRegistration _watch;
    private ITimer? _grace;
    private int _disposed;

    public SiteConnection(
        ConnectionContext inner, Socket socket, HttpSite site, TimeSpan halfClosed, TimeProvider time, Action<SiteConnection> ended)
    {
        (_inner, _socket, Site, _halfClosed, _time, _ended) = (inner, socket, site, halfClosed, time, ended);
        Transport = inner.Transport;
        inner.Features.Set(site);
        // The transport's own token fires as soon as the client has closed its sending side, and Kestrel would drop the response.
        inner.Features.Set<IConnectionLifetimeFeature>(this);
        _watch = inner.ConnectionClosed.UnsafeRegister(static self => ((SiteConnection)self!).OnInputEnded(), this);
    }

    public HttpSite Site { get; }

    /// <summary>Layers beneath <see cref="Transport"/> that this connection must end with (TLS).</summary>
    public IAsyncDisposable? Layer { get; set; }

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId
    {
        get => _inner.ConnectionId;
        set => _inner.ConnectionId = value;
    }

    public override IFeatureCollection Features => _inner.Features;

    public override IDictionary<object, object?> Items
    {
        get => _inner.Items;
        set => _inner.Items = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => _inner.LocalEndPoint;
        set => _inner.LocalEndPoint = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => _inner.RemoteEndPoint;
        set => _inner.RemoteEndPoint = value;
    }

    public override CancellationToken ConnectionClosed
    {
        get => _closed.Token;
        set => throw new NotSupportedException("the connection decides itself when it is closed");
    }

    public override void Abort() => Abort(new ConnectionAbortedException("The connection was aborted by the host."));

    public override void Abort(ConnectionAbortedException abortReason)
    {
        _inner.Abort(abortReason);
        _closed.Cancel();
    }

    /// <summary>Asks the server to close after the requests that are under way: HTTP/1.1 answers with Connection: close, HTTP/2 with GOAWAY.</summary>
    /// <returns>False when the server has not begun with the connection: nothing is under way on it.</returns>
    public bool RequestClose()
    {
        if (Features.Get<IConnectionLifetimeNotificationFeature>() is not { } notification)
        {
            return false;
        }

        notification.RequestClose();
        return true;
    }

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        try
        {
            if (Layer is not null)
            {
                await Layer.DisposeAsync();
            }

            await _inner.DisposeAsync();
        }
        finally
        {
            await _watch.DisposeAsync();
            if (_grace is not null)
            {
                await _grace.DisposeAsync();
            }

            await _closed.CancelAsync();
            _ended(this);
            await base.DisposeAsync();
        }
    }

    private void OnInputEnded()
    {
        if (!IsHalfClosed())
        {
            _closed.Cancel();
            return;
        }

        _grace = _time.CreateTimer(static self => ((SiteConnection)self!)._closed.Cancel(), this, _halfClosed, Timeout.InfiniteTimeSpan);
        if (Volatile.Read(ref _disposed) != 0)
        {
            _grace.Dispose();
        }
    }

    /// <summary>The client has sent FIN and nothing worse: tcp(7), first byte of TCP_INFO is the state.</summary>
    private bool IsHalfClosed()
    {
        const int SOL_TCP = 6;
        const int TCP_INFO = 11;
        const byte TCP_CLOSE_WAIT = 8;
        if (_halfClosed <= TimeSpan.Zero || Volatile.Read(ref _disposed) != 0)
        {
            return false;
        }

        try
        {
            Span<byte> info = stackalloc byte[8];
            return _socket.AddressFamily == AddressFamily.Unix
                || (_socket.GetRawSocketOption(SOL_TCP, TCP_INFO, info) > 0 && info[0] == TCP_CLOSE_WAIT);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
