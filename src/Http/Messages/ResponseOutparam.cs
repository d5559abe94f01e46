using Skiff.Components.Host;
using Skiff.Http.Bindings.Http;
using Skiff.Http.Serving;

namespace Skiff.Http.Messages;

/// <summary>wasi:http/types.response-outparam: the guest owns it and gives it up by setting it, so it cannot be set twice.</summary>
internal sealed class ResponseOutparam(GuestResponse response) : IResponseOutparam, IDisposable
{
    // Unstable in all of 0.2, behind a feature gate. Kestrel sends no 1xx but 100-continue, which a body's first read causes, and lets
    // nobody else write to a connection: the answer is what the interface provides for a host without it.
    public Result<Unit, ErrorCode> SendInformational(ushort status, IFields headers) => status is < 100 or > 199
        ? ErrorCode.HttpProtocolError
        : ErrorCode.InternalError("this host sends no informational responses besides 100 Continue");

    public void Set(Result<IOutgoingResponse, ErrorCode> answer)
    {
        if (answer.IsOk)
        {
            response.Begin((OutgoingResponse)answer.Value);
        }
        else
        {
            response.Refuse(answer.ErrorValue);
        }
    }

    public void Dispose() => response.OutparamDropped();
}
