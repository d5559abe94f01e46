using Skiff.Guest;
using Skiff.Oci.Image;

namespace Skiff.Images.Pack;

/// <summary>A blob on its way out: its descriptor, and the content at position 0. Owns the stream.</summary>
internal sealed record OutgoingBlob(Descriptor Descriptor, Stream Content) : IDisposable
{
    public static OutgoingBlob Of(string mediaType, byte[] content) => new(
        new Descriptor { MediaType = mediaType, Digest = "sha256:" + ContentDigest.Of(content), Size = content.Length },
        new MemoryStream(content, writable: false));

    /// <summary>The whole of an open file, which the blob then owns.</summary>
    public static OutgoingBlob Of(string mediaType, FileStream file)
    {
        file.Flush();
        file.Position = 0;
        return new OutgoingBlob(
            new Descriptor { MediaType = mediaType, Digest = "sha256:" + ContentDigest.Of(file.SafeFileHandle), Size = file.Length },
            file);
    }

    public void Dispose() => Content.Dispose();
}
