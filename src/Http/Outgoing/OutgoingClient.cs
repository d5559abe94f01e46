using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Skiff.Components.Host;
using Skiff.Guest;
using Skiff.Http.Bindings.Http;
using Skiff.Http.Health;
using Skiff.Http.Messages;
using Skiff.Wasi;
using Skiff.Wasi.Quotas;
using Skiff.Wasi.Sockets;

namespace Skiff.Http.Outgoing;

/// <summary>
/// Sends the requests of one sandbox's guests: with connections of its own, within its grants, and exactly as the guest says (no
/// proxy, no redirects, no cookies, no decompression).
/// </summary>
public sealed class OutgoingClient : IDisposable
{
    private const int HeaderKilobytesMax = 64;
    private const int ConnectionsMax = 256;

    private static readonly HttpRequestOptionsKey<Attempt> AttemptKey = new("skiff.attempt");
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ConnectionIdle = TimeSpan.FromSeconds(60);

    private readonly NetworkGrants _grants;
    private readonly GuestNetworkPlace _place;
    private readonly CountQuota _sockets;
    private readonly TimeProvider _time;
    private readonly Lazy<HttpMessageInvoker> _plain;

    // Apart, because to read certificate authorities takes longer than most guests live, and few send by TLS.
    private readonly Lazy<HttpMessageInvoker> _secure;

    /// <param name="context">Its grants, its quota of sockets, and the place where its connections are made, which outlives this.</param>
    /// <param name="authorities">Whom TLS trusts; null: whom the process trusts.</param>
    public OutgoingClient(WasiContext context, TimeProvider time, GuestAuthorities? authorities = null)
        : this(context, time, authorities is null ? TrustedRoots.Find : authorities.Find)
    {
    }

    /// <param name="trust">Whom TLS trusts; null: as .NET finds it.</param>
    internal OutgoingClient(WasiContext context, TimeProvider time, Func<X509ChainPolicy?> trust)
    {
        (_grants, _place, _sockets, _time) = (context.Network, context.Place, context.Quotas.Sockets, time);
        _plain = new Lazy<HttpMessageInvoker>(() => new HttpMessageInvoker(Handler(null)));
        _secure = new Lazy<HttpMessageInvoker>(() => new HttpMessageInvoker(Handler(trust())));
    }

    public void Dispose()
    {
        foreach (var invoker in (ReadOnlySpan<Lazy<HttpMessageInvoker>>)[_plain, _secure])
        {
            if (invoker.IsValueCreated)
            {
                invoker.Value.Dispose();
            }
        }
    }

    internal Result<FutureIncomingResponse, ErrorCode> Send(OutgoingRequest request, RequestOptions? options, TraceSpan? span)
    {
        if (Address(request) is not { } address)
        {
            return ErrorCode.HttpRequestUriInvalid;
        }

        if (request.By is { Case: Scheme.Kind.Other })
        {
            return ErrorCode.HttpProtocolError;
        }

        var child = span?.Child(request.MethodText);
        var message = Message(request, address, child);
        var cancel = new CancellationTokenSource();
        return new FutureIncomingResponse(SendAsync(message, options ?? new RequestOptions(), child, cancel), cancel);
    }

    private static Uri? Address(OutgoingRequest request)
    {
        var scheme = request.By is { Case: Scheme.Kind.Http } ? "http" : "https";
        var path = request.Path switch
        {
            null or "" => "/",
            ['/', ..] => request.Path,
            ['?', ..] => "/" + request.Path,
            "*" => "/",
            _ => null,
        };
        return request.To is { } authority && path is not null
            && Uri.TryCreate(
                $"{scheme}://{authority}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }, out var address)
            ? address
            : null;
    }

    private static HttpRequestMessage Message(OutgoingRequest request, Uri address, TraceSpan? span)
    {
        var message = new HttpRequestMessage(new HttpMethod(request.MethodText), address)
        {
            Version = address.Scheme == "https" ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Content = request.TakenBody is { } body ? new GuestContent(body) : null,
        };
        var traced = false;
        foreach (var line in request.Fields.Lines)
        {
            traced |= line.Name.Equals(TraceContext.Header, StringComparison.OrdinalIgnoreCase);
            if (!message.Headers.TryAddWithoutValidation(line.Name, line.Text))
            {
                // A field of the content: .NET keeps those apart.
                (message.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(line.Name, line.Text);
            }
        }

        if (span is not null && !traced)
        {
            message.Headers.TryAddWithoutValidation(TraceContext.Header, span.Outgoing);
        }

        return message;
    }

    private async Task<Result<IncomingResponse, ErrorCode>> SendAsync(
        HttpRequestMessage message, RequestOptions options, TraceSpan? span, CancellationTokenSource cancel)
    {
        using var attempt = new Attempt(options.Connect, options.FirstByte, _time);
        message.Options.Set(AttemptKey, attempt);
        var (status, fault) = (0, (string?)null);
        try
        {
            // The guest's turn goes on: whatever takes longer than queueing a request is not done on its stack.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel.Token, attempt.Expired);
            HttpResponseMessage response;
            try
            {
                var invoker = message.RequestUri!.Scheme == Uri.UriSchemeHttps ? _secure : _plain;
                response = await invoker.Value.SendAsync(message, either.Token);
            }
            catch (OperationCanceledException) when (attempt.Expired.IsCancellationRequested && !cancel.IsCancellationRequested)
            {
                throw new HttpFault(ErrorCode.ConnectionReadTimeout, $"no answer within {options.FirstByte.TotalSeconds} s");
            }

            status = (int)response.StatusCode;
            var stream = await response.Content.ReadAsStreamAsync(cancel.Token);
            return new IncomingResponse(response, stream, options.BetweenBytes, _time);
        }
        catch (Exception failed)
        {
            fault = failed.Message;
            return HttpFault.CodeOf(failed);
        }
        finally
        {
            span?.End(message.Method.Method, message.RequestUri!.PathAndQuery, status, fault);
        }
    }

    private SocketsHttpHandler Handler(X509ChainPolicy? trust) => new()
    {
        SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust },
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        ConnectCallback = ConnectAsync,
        EnableMultipleHttp2Connections = true,
        MaxConnectionsPerServer = ConnectionsMax,
        MaxResponseHeadersLength = HeaderKilobytesMax,
        PooledConnectionLifetime = ConnectionLife,
        PooledConnectionIdleTimeout = ConnectionIdle,
        ResponseDrainTimeout = TimeSpan.Zero,
        RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        context.InitialRequestMessage.Options.TryGetValue(AttemptKey, out var attempt);
        using var timeout = new CancellationTokenSource(attempt?.ConnectTimeout ?? OutgoingTimes.Default, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        try
        {
            attempt?.Connecting();
            var addresses = await ResolveAsync(context.DnsEndPoint.Host, (ushort)context.DnsEndPoint.Port, either.Token);
            return await ConnectAsync(addresses, context.DnsEndPoint.Port, either.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new HttpFault(ErrorCode.ConnectionTimeout, $"no connection to {context.DnsEndPoint.Host} within {attempt?.ConnectTimeout.TotalSeconds} s");
        }
        finally
        {
            attempt?.Connected();
        }
    }

    private async ValueTask<IPAddress[]> ResolveAsync(string host, ushort port, CancellationToken cancellation)
    {
        var name = host.Trim('[', ']');
        if (IPAddress.TryParse(name, out var literal))
        {
            return Granted(name, [literal], port);
        }

        // localhost needs no lookup (RFC 6761, 6.3), so it is judged by its addresses alone.
        if (name.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            return _grants.AllowsDestination(name, port) ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : Granted(name, [IPAddress.Loopback, IPAddress.IPv6Loopback], port);
        }

        // Whoever may not reach a name may not ask for it either: a question to a name server is a message to it.
        return _grants.AllowsDestination(name, port)
            ? await _place.LookUpAsync(name, cancellation)
            : throw new HttpFault(ErrorCode.HttpRequestDenied, $"{name}:{port} is not granted");
    }

    private IPAddress[] Granted(string name, IPAddress[] addresses, ushort port)
    {
        var granted = Array.FindAll(addresses, address => _grants.AllowsDestination(address, port));
        return granted.Length > 0 ? granted : throw new HttpFault(ErrorCode.DestinationIpProhibited, $"{name}:{port} is not granted");
    }

    private async ValueTask<Stream> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancellation)
    {
        if (!_sockets.TryTake())
        {
            throw new HttpFault(ErrorCode.ConnectionLimitReached, $"the guest has as many sockets as it may ({GuestBounds.SocketsWord})");
        }

        try
        {
            return new Connection(await ConnectAnyAsync(addresses, port, cancellation), _sockets);
        }
        catch
        {
            _sockets.Give();
            throw;
        }
    }

    private async ValueTask<Socket> ConnectAnyAsync(IPAddress[] addresses, int port, CancellationToken cancellation)
    {
        Exception? last = null;
        foreach (var address in addresses)
        {
            Socket? socket = null;
            try
            {
                socket = _place.Namespace.NewSocket(address.AddressFamily == AddressFamily.InterNetworkV6, stream: true);
                socket.NoDelay = true;
                await socket.ConnectAsync(address, port, cancellation);
                return socket;
            }
            catch (Exception fault)
            {
                socket?.Dispose();
                if (fault is not SocketException)
                {
                    throw;
                }

                // The first address's failure is the one that people know: localhost is 127.0.0.1 to them.
                last ??= fault;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>A connection that has a place in its guest's quota as long as it is open.</summary>
    private sealed class Connection(Socket socket, CountQuota sockets) : NetworkStream(socket, ownsSocket: true)
    {
        private int _closed;

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (Interlocked.Exchange(ref _closed, 1) == 0)
            {
                sockets.Give();
            }
        }
    }

    /// <summary>
    /// The times of one request. That of the first byte does not run while a connection is being made, which has its own; the
    /// connection may outlive the request it was made for.
    /// </summary>
    private sealed class Attempt : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly TimeSpan _firstByte;
        private readonly CancellationTokenSource _expiry;
        private bool _over;

        public Attempt(TimeSpan connectTimeout, TimeSpan firstByte, TimeProvider time)
        {
            (ConnectTimeout, _firstByte) = (connectTimeout, firstByte);
            _expiry = new CancellationTokenSource(firstByte, time);
            Expired = _expiry.Token;
        }

        public TimeSpan ConnectTimeout { get; }

        public CancellationToken Expired { get; }

        public void Connecting() => Expire(Timeout.InfiniteTimeSpan);

        public void Connected() => Expire(_firstByte);

        public void Dispose()
        {
            lock (_gate)
            {
                _over = true;
                _expiry.Dispose();
            }
        }

        private void Expire(TimeSpan after)
        {
            lock (_gate)
            {
                if (!_over)
                {
                    _expiry.CancelAfter(after);
                }
            }
        }
    }
}
