using Skiff.Components.Host;
using Skiff.Http.Bindings.Http;
using Skiff.Http.Messages;

namespace Skiff.Http.Outgoing;

/// <summary>wasi:http/types.incoming-response. Owns the connection's answer until its body is taken.</summary>
internal sealed class IncomingResponse(HttpResponseMessage response, Stream stream, TimeSpan betweenBytes, TimeProvider time)
    : IIncomingResponse, IDisposable
{
    private readonly Fields _headers = Fields.Received(response, trailers: false);
    private readonly ushort _status = (ushort)response.StatusCode;
    private bool _consumed;

    public ushort Status() => _status;

    public IFields Headers() => _headers;

    public Result<IIncomingBody, Unit> Consume()
    {
        if (_consumed)
        {
            return Result<IIncomingBody, Unit>.Error(default);
        }

        _consumed = true;
        return Result<IIncomingBody, Unit>.Ok(new IncomingBody(new ResponseReader(response, stream, betweenBytes, time)));
    }

    public void Dispose()
    {
        if (!_consumed)
        {
            _consumed = true;
            response.Dispose();
        }
    }
}
