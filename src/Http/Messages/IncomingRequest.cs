using Microsoft.AspNetCore.Http.Features;
using Skiff.Components.Host;
using Skiff.Http.Bindings.Http;
using Skiff.Http.Serving;

namespace Skiff.Http.Messages;

/// <summary>
/// wasi:http/types.incoming-request. Its fields are copied when the guest first asks for them, or when the exchange ends beneath a
/// guest that works on (<see cref="Detach"/>).
/// </summary>
internal sealed class IncomingRequest : IIncomingRequest, IDisposable
{
    private readonly HttpExchange _exchange;
    private readonly TimeProvider _time;
    private readonly string _scheme;
    private readonly string? _authority;
    private readonly string? _traceParent;
    private Fields? _headers;
    private RequestBodyReader? _body;
    private bool _consumed;
    private bool _detached;
    private bool _dropped;

    public IncomingRequest(HttpExchange exchange, TimeProvider time)
    {
        (_exchange, _time) = (exchange, time);
        _scheme = exchange.Request.Scheme;
        _authority = exchange.Request.Headers.Host is [{ Length: > 0 } host, ..] ? host : null;
        _traceParent = exchange.Span?.Outgoing;
    }

    /// <summary>Whether the guest may still read the request's body, which ends with the exchange.</summary>
    public bool UsesBody => !_dropped && (!_consumed || _body is { IsOver: false }) && HasBody;

    private bool HasBody => !_detached && _exchange.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false };


    public Method Method() => Methods.Of(_exchange.Method);

    public string? PathWithQuery() => Target.PathWithQuery(_exchange.Target);

    public Scheme? Scheme() => _scheme switch
    {
        "http" => Bindings.Http.Scheme.Http,
        "https" => Bindings.Http.Scheme.Https,
        var other => Bindings.Http.Scheme.Other(other),
    };

    public string? Authority() => _authority;

    public IFields Headers() => _headers ??= Receive();

    public Result<IIncomingBody, Unit> Consume()
    {
        if (_consumed)
        {
            return Result<IIncomingBody, Unit>.Error(default);
        }

        _consumed = true;
        _body = new RequestBodyReader(_detached ? null : _exchange, _time);
        return Result<IIncomingBody, Unit>.Ok(new IncomingBody(_body));
    }

    /// <summary>The exchange is about to end: nothing of it is touched from here on.</summary>
    /// <param name="guestGoesOn">Whether there is still somebody to ask for the fields.</param>
    public void Detach(bool guestGoesOn)
    {
        if (guestGoesOn && !_dropped)
        {
            _headers ??= Receive();
        }

        _detached = true;
        _body?.Detach();
    }

    public void Dispose() => _dropped = true;

    private Fields Receive()
    {
        var received = Fields.Received(_exchange.Request.Headers);
        // The guest's own calls belong beneath our span, not beside it.
        return _traceParent is null ? received : received.With(Health.TraceContext.Header, _traceParent);
    }
}
