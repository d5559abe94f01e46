using Skiff.Components.Host;
using Skiff.Http.Bindings.Http;
using Skiff.Http.Outgoing;

namespace Skiff.Http.Messages;

/// <summary>wasi:http/types.outgoing-request.</summary>
internal sealed class OutgoingRequest(Fields headers) : IOutgoingRequest
{
    private readonly Fields _headers = headers.Freeze();
    private Method _method = Bindings.Http.Method.Get;
    private Scheme? _scheme;

    public string MethodText => Methods.Text(_method);

    public string? Path { get; private set; }

    public string? To { get; private set; }

    public Scheme? By => _scheme;

    public Fields Fields => _headers;

    /// <summary>Null when the guest has not asked for it: then the request has no body.</summary>
    public RequestBody? TakenBody { get; private set; }

    public Result<IOutgoingBody, Unit> Body()
    {
        if (TakenBody is not null || !_headers.TryContentLength(out var length))
        {
            return Result<IOutgoingBody, Unit>.Error(default);
        }

        TakenBody = new RequestBody(length);
        return Result<IOutgoingBody, Unit>.Ok(TakenBody);
    }

    public Method Method() => _method;

    public Result<Unit, Unit> SetMethod(Method method)
    {
        if (method.Case == Bindings.Http.Method.Kind.Other && !FieldRules.IsToken(method.AsOther))
        {
            return Result<Unit, Unit>.Error(default);
        }

        _method = method;
        return Result<Unit, Unit>.Ok(default);
    }

    public string? PathWithQuery() => Path;

    public Result<Unit, Unit> SetPathWithQuery(string? pathWithQuery)
    {
        if (pathWithQuery is not null && !Target.IsPathWithQuery(pathWithQuery))
        {
            return Result<Unit, Unit>.Error(default);
        }

        Path = pathWithQuery;
        return Result<Unit, Unit>.Ok(default);
    }

    public Scheme? Scheme() => _scheme;

    public Result<Unit, Unit> SetScheme(Scheme? scheme)
    {
        if (scheme is { Case: Bindings.Http.Scheme.Kind.Other } other && !Uri.CheckSchemeName(other.AsOther))
        {
            return Result<Unit, Unit>.Error(default);
        }

        _scheme = scheme;
        return Result<Unit, Unit>.Ok(default);
    }

    public string? Authority() => To;

    public Result<Unit, Unit> SetAuthority(string? authority)
    {
        if (authority is not null && !Target.IsAuthority(authority))
        {
            return Result<Unit, Unit>.Error(default);
        }

        To = authority;
        return Result<Unit, Unit>.Ok(default);
    }

    public IFields Headers() => _headers;
}
