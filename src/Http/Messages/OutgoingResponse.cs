using Skiff.Components.Host;
using Skiff.Http.Bindings.Http;
using Skiff.Http.Serving;

namespace Skiff.Http.Messages;

/// <summary>wasi:http/types.outgoing-response. Sent by <see cref="ResponseOutparam.Set"/>, which takes it over.</summary>
internal sealed class OutgoingResponse(Fields headers) : IOutgoingResponse
{
    private const ushort StatusMin = 100;
    private const ushort StatusMax = 999;
    private const ushort StatusDefault = 200;

    private readonly Fields _headers = headers.Freeze();

    public ushort Status { get; private set; } = StatusDefault;

    public Fields Fields => _headers;

    /// <summary>Null when the guest has not asked for it: then the response has no body.</summary>
    public ResponseBody? TakenBody { get; private set; }

    public ushort StatusCode() => Status;

    public Result<Unit, Unit> SetStatusCode(ushort statusCode)
    {
        if (statusCode is < StatusMin or > StatusMax)
        {
            return Result<Unit, Unit>.Error(default);
        }

        Status = statusCode;
        return Result<Unit, Unit>.Ok(default);
    }

    public IFields Headers() => _headers;

    public Result<IOutgoingBody, Unit> Body()
    {
        if (TakenBody is not null || !_headers.TryContentLength(out var length))
        {
            return Result<IOutgoingBody, Unit>.Error(default);
        }

        TakenBody = new ResponseBody(length);
        return Result<IOutgoingBody, Unit>.Ok(TakenBody);
    }
}
