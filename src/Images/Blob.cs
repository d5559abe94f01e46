using Skiff.Guest;
using Skiff.Oci.Image;

namespace Skiff.Images;

/// <summary>
/// One blob on its way in: never more bytes than its descriptor says, and in the end exactly its digest. containerd checked
/// both when it stored the blob; compiled code is cached by digest, so one wrong blob would stay for ever.
/// </summary>
internal sealed class Blob
{
    private readonly Descriptor _descriptor;
    private readonly Digest _digest;
    private readonly byte[] _content;
    private readonly ContentDigest _hash = new();
    private int _count;

    /// <exception cref="ImageException">The descriptor is malformed or speaks of more than <paramref name="bytesMax"/> bytes.</exception>
    public Blob(Descriptor descriptor, long bytesMax)
    {
        if (!Digest.TryParse(descriptor.Digest, out _digest))
        {
            throw new ImageException($"'{descriptor.Digest}' is no digest of the form sha256:HEX, the only one that is supported");
        }

        if (descriptor.Size < 0 || descriptor.Size > Math.Min(bytesMax, Array.MaxLength))
        {
            throw new ImageException(
                $"blob {descriptor.Digest} ({descriptor.MediaType}) has {descriptor.Size} bytes by its descriptor; 0 to {bytesMax} are accepted");
        }

        _descriptor = descriptor;
        _content = GC.AllocateUninitializedArray<byte>((int)descriptor.Size);
    }

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="ImageException">There are more than the descriptor said.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _content.Length - _count)
        {
            throw new ImageException($"blob {_descriptor.Digest} has more than the {_descriptor.Size} bytes of its descriptor");
        }

        bytes.CopyTo(_content.AsSpan(_count));
        _hash.Append(bytes);
        _count += bytes.Length;
    }

    /// <summary>The whole content. The blob cannot be used afterwards.</summary>
    /// <exception cref="ImageException">It is shorter than its descriptor said, or has another digest.</exception>
    public byte[] Finish()
    {
        if (_count != _content.Length)
        {
            throw new ImageException($"blob {_descriptor.Digest} has {_count} bytes, its descriptor says {_descriptor.Size}");
        }

        var actual = _hash.Finish();
        return actual == _digest.Hex
            ? _content
            : throw new ImageException(
                $"blob {_descriptor.Digest} is damaged: its content has the digest sha256:{actual}; remove the image and pull it again");
    }
}
