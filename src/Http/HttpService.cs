using System.Net.Sockets;
using Skiff.Guest;
using Skiff.Http.Health;
using Skiff.Http.Listening;
using Skiff.Http.Serving;

namespace Skiff.Http;

/// <summary>How a process serves one guest.</summary>
public sealed record HttpServiceOptions
{
    /// <summary>The site's name in logs and metrics.</summary>
    public required string Name { get; init; }

    public HttpLimits Limits { get; init; } = new();

    public ServingOptions Serving { get; init; } = new();

    /// <summary>Connections of clients alive at once (<see cref="GuestBounds.Connections"/>).</summary>
    public int ConnectionsMax { get; init; } = GuestBounds.Default.Connections!.Value;

    /// <summary>Other processes accept from the same socket.</summary>
    public bool SharesSocket { get; init; }

    /// <summary>Null: no access log.</summary>
    public AccessLogFormat? AccessLog { get; init; }

    /// <summary>Null: plain HTTP.</summary>
    public TlsIdentity? Tls { get; init; }

    /// <summary>The collector for traces and figures; null: none.</summary>
    public Uri? Otlp { get; init; }
}

/// <summary>One guest behind one listener, with its logs and figures, from start to graceful stop.</summary>
public sealed class HttpService : IAsyncDisposable
{
    private readonly HttpServiceOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpHost _host;
    private readonly bool _ownsHost;
    private readonly GuestHandler _handler;
    private readonly AccessLog? _access;
    private readonly OtlpExporter? _exporter;
    private SiteListener? _listener;

    /// <param name="guest">Stays the caller's.</param>
    /// <param name="output">Where the access log goes.</param>
    /// <param name="log">What is not about a request.</param>
    /// <param name="shared">A web server that is started and stays the caller's; null: one of its own, with the options' limits.</param>
    public HttpService(HttpGuest guest, HttpServiceOptions options, Stream output, TimeProvider time, Action<string> log, HttpHost? shared = null)
    {
        (_options, _time) = (options, time);
        Metrics = new SiteMetrics(options.Name);
        var tracer = options.Otlp is null ? null : new Tracer(time);
        _host = shared ?? new HttpHost(options.Limits, time);
        _ownsHost = shared is null;
        _handler = new GuestHandler(guest, options.Serving, Metrics, time, tracer);
        _access = options.AccessLog is { } format ? new AccessLog(output, format, time) : null;
        _exporter = options.Otlp is { } collector ? new OtlpExporter(collector, options.Name, tracer, FiguresAsync, time, log) : null;
    }

    public SiteMetrics Metrics { get; }

    /// <summary>Connections of clients alive.</summary>
    public int Connections => _listener?.ConnectionCount ?? 0;

    /// <summary>How often there were as many as may be, and the next one had to wait.</summary>
    public long ConnectionsHeldBack => _listener?.HeldBack ?? 0;

    public bool IsStopping { get; private set; }

    /// <summary>Begins to answer.</summary>
    /// <param name="socket">Bound and listening; the service's from here on.</param>
    public async Task StartAsync(Socket socket, CancellationToken cancellation)
    {
        if (_ownsHost)
        {
            await _host.StartAsync(cancellation);
        }

        var site = new HttpSite(_options.Name, _handler)
        {
            AccessLog = _access, SharesSocket = _options.SharesSocket, ConnectionsMax = _options.ConnectionsMax,
        };
        _listener = _host.Listen(socket, site, _options.Tls);
        _exporter?.Start();
    }

    /// <summary>Answers <c>/healthz</c> and <c>/metrics</c> on an address of the operator's.</summary>
    public void ListenForOperator(Socket socket) => _host.Listen(
        socket, new HttpSite("operator", new HealthHandler(async cancellation => (await FiguresAsync(cancellation)).ToMetrics(), () => IsStopping)));

    /// <summary>Goes on with the same guest from better code.</summary>
    /// <param name="guest">Stays the caller's, as the one before, whose requests in flight finish.</param>
    public void Replace(HttpGuest guest) => _handler.Replace(guest);

    /// <summary>Leaves new connections to others, and lets its own end.</summary>
    public Task StopAcceptingAsync() => _listener?.StopAcceptingAsync() ?? Task.CompletedTask;

    /// <summary>Accepts no more, lets requests finish within the grace, then cuts them off; guests that work on have the same time.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        IsStopping = true;
        var begun = _time.GetTimestamp();
        await (_ownsHost ? _host.StopAsync(grace) : _listener is { } listener ? _host.StopAsync(listener, grace) : Task.CompletedTask);
        var left = grace - _time.GetElapsedTime(begun);
        await _handler.StopAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        if (_exporter is not null)
        {
            await _exporter.DisposeAsync();
        }

        if (_ownsHost)
        {
            await _host.DisposeAsync();
        }
        else
        {
            _listener?.Dispose();
        }

        _handler.Dispose();
        if (_access is not null)
        {
            await _access.DisposeAsync();
        }
    }

    private ValueTask<Figures> FiguresAsync(CancellationToken cancellation) => new(new Figures([Metrics], ProcessFigures.Read()));
}
