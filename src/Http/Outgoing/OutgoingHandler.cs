using Skiff.Components.Host;
using Skiff.Http.Bindings.Http;
using Skiff.Http.Messages;

namespace Skiff.Http.Outgoing;

/// <summary>wasi:http/outgoing-handler for one guest.</summary>
internal sealed class OutgoingHandler(HttpState state) : IOutgoingHandler
{
    public Result<IFutureIncomingResponse, ErrorCode> Handle(IOutgoingRequest request, IRequestOptions? options)
    {
        var sent = state.Client.Send((OutgoingRequest)request, (RequestOptions?)options, state.Span);
        return sent.IsOk ? Result<IFutureIncomingResponse, ErrorCode>.Ok(sent.Value) : sent.ErrorValue;
    }
}
