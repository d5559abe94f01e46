using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Skiff.Http.Listening;
using Skiff.Http.Serving;

namespace Skiff.Http;

/// <summary>
/// The one web server of a process. Listeners come and go while it runs, each with the site that answers its requests; a
/// further listener costs no thread (a further Kestrel costs one).
/// </summary>
public sealed class HttpHost : IAsyncDisposable
{
    private readonly HttpLimits _limits;
    private readonly TimeProvider _time;
    private readonly ConnectionSource _source;
    private readonly KestrelServer _kestrel;
    private readonly Lock _gate = new();
    private readonly List<SiteListener> _listeners = [];
    private readonly List<SiteListener> _stopped = [];

    /// <param name="log">What the server itself has to say; null: nothing. Requests have their own log (<see cref="AccessLog"/>).</param>
    public HttpHost(HttpLimits limits, TimeProvider time, ILoggerFactory? log = null)
    {
        (_limits, _time) = (limits, time);
        var loggers = log ?? NullLoggerFactory.Instance;
        _source = new ConnectionSource();
        _kestrel = new KestrelServer(Options.Create(ServerOptions(limits)), _source, loggers);
        Connections = new AcceptedConnections(limits, time, loggers);
    }

    internal AcceptedConnections Connections { get; }

    public Task StartAsync(CancellationToken cancellation) => _kestrel.StartAsync(new SiteApplication(_time), cancellation);

    /// <summary>Begins to accept. The host owns the socket from here on; it must be bound and listening.</summary>
    public SiteListener Listen(Socket socket, HttpSite site, TlsIdentity? tls = null)
    {
        var listener = new SiteListener(socket, site, tls, Connections, _source, _limits);
        lock (_gate)
        {
            _listeners.Add(listener);
        }

        listener.Start();
        return listener;
    }

    /// <summary>
    /// Stops gracefully: (1) no listener accepts any more, (2) connections close after the request that they are at, (3) what
    /// still runs when <paramref name="grace"/> is over is cut off and its guest cancelled.
    /// </summary>
    public async Task StopAsync(TimeSpan grace)
    {
        SiteListener[] listeners;
        lock (_gate)
        {
            listeners = [.. _listeners];
            _listeners.Clear();
            _stopped.AddRange(listeners);
        }

        await Task.WhenAll(listeners.Select(listener => listener.StopAsync(grace, _time)));
        // Nothing is left that it could wait for; the token only bounds its own ending.
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(1), _time);
        await _kestrel.StopAsync(end.Token);
    }

    /// <summary>The same for one listener, which is the caller's to dispose of from here on; the others, and the server, go on.</summary>
    /// <remarks>May be called again with a shorter grace.</remarks>
    public Task StopAsync(SiteListener listener, TimeSpan grace)
    {
        ArgumentNullException.ThrowIfNull(listener);
        lock (_gate)
        {
            _listeners.Remove(listener);
        }

        return listener.StopAsync(grace, _time);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        _stopped.ForEach(listener => listener.Dispose());
        _kestrel.Dispose();
        Connections.Dispose();
    }

    private static KestrelServerOptions ServerOptions(HttpLimits limits)
    {
        var options = new KestrelServerOptions
        {
            AddServerHeader = false,
            AllowSynchronousIO = false,
            // Field values are bytes (RFC 9110, 5.5) and wasi:http hands them over as bytes: Latin-1 maps each to one char and back.
            RequestHeaderEncodingSelector = _ => Encoding.Latin1,
            ResponseHeaderEncodingSelector = _ => Encoding.Latin1,
        };
        options.Limits.MaxConcurrentConnections = null;
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MaxRequestLineSize = limits.RequestLineBytesMax;
        options.Limits.MaxRequestHeadersTotalSize = limits.HeaderBytesMax;
        options.Limits.MaxRequestHeaderCount = limits.HeaderCountMax;
        options.Limits.MaxRequestBufferSize = Math.Max(limits.RequestBufferBytes, Math.Max(limits.RequestLineBytesMax, limits.HeaderBytesMax));
        options.Limits.MaxResponseBufferSize = limits.ResponseBufferBytes;
        options.Limits.KeepAliveTimeout = limits.KeepAlive;
        options.Limits.RequestHeadersTimeout = limits.RequestHead;
        options.Limits.MinRequestBodyDataRate = new MinDataRate(limits.BodyBytesPerSecondMin, limits.BodyGrace);
        options.Limits.MinResponseDataRate = new MinDataRate(limits.BodyBytesPerSecondMin, limits.BodyGrace);
        options.Limits.Http2.MaxStreamsPerConnection = limits.StreamsMax;
        options.Limits.Http2.InitialStreamWindowSize = Math.Max(limits.RequestBufferBytes, ushort.MaxValue);
        options.Limits.Http2.InitialConnectionWindowSize = Math.Max(4 * limits.RequestBufferBytes, ushort.MaxValue);
        options.Limits.Http2.MaxRequestHeaderFieldSize = limits.HeaderBytesMax;
        // Which of the two a connection speaks is found out before Kestrel sees it (ProtocolDetection, TlsConnection).
        options.Listen(ProtocolEndPoint.Http1, listen => listen.Protocols = HttpProtocols.Http1);
        options.Listen(ProtocolEndPoint.Http2, listen => listen.Protocols = HttpProtocols.Http2);
        return options;
    }
}
