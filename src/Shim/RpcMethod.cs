using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Skiff.Ttrpc;

namespace Skiff.Shim;

/// <summary>Wraps a handler of messages into one of bytes, with <see cref="RpcStatus"/> around it.</summary>
internal static class RpcMethod
{
    private static readonly Empty Nothing = new();

    public static TtrpcHandler Of<TRequest>(MessageParser<TRequest> parser, Func<TRequest, TtrpcCall, Task<IMessage>> handler)
        where TRequest : IMessage<TRequest> => async (payload, call) =>
    {
        try
        {
            var answer = await handler(parser.ParseFrom(payload.Span), call);
            return answer.ToByteArray();
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            throw RpcStatus.Of(failure);
        }
    };

    public static TtrpcHandler Of<TRequest>(MessageParser<TRequest> parser, Func<TRequest, Task> handler)
        where TRequest : IMessage<TRequest> => Of(parser, async (request, _) =>
    {
        await handler(request);
        return Nothing;
    });

    public static TtrpcHandler Of<TRequest>(MessageParser<TRequest> parser, Func<TRequest, IMessage> handler)
        where TRequest : IMessage<TRequest> => Of(parser, (request, _) => Task.FromResult(handler(request)));

    public static TtrpcHandler Of<TRequest>(MessageParser<TRequest> parser, Action<TRequest> handler)
        where TRequest : IMessage<TRequest> => Of(parser, (request, _) =>
    {
        handler(request);
        return Task.FromResult<IMessage>(Nothing);
    });
}
