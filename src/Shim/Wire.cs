using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Skiff.Shim;

/// <summary>Any by hand: the library's Pack builds descriptors, which costs a millisecond and is no friend of trimming.</summary>
internal static class Wire
{
    public static Any Any(TypedBytes typed) => new() { TypeUrl = typed.TypeUrl, Value = ByteString.CopyFrom(typed.Value.Span) };

    public static Any Any(string typeUrl, IMessage message) => new() { TypeUrl = typeUrl, Value = message.ToByteString() };

    public static TypedBytes? Typed(Any? any) => any is null ? null : new TypedBytes(any.TypeUrl, any.Value.Memory);
}
