namespace Skiff.Shim;

/// <summary>A protobuf Any: a message's name and its bytes, without looking into it.</summary>
internal sealed record TypedBytes(string TypeUrl, ReadOnlyMemory<byte> Value)
{
    /// <summary>The name after the last slash: some senders put a host in front of it.</summary>
    public string TypeName => TypeUrl[(TypeUrl.LastIndexOf('/') + 1)..];
}
