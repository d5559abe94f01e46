using System.Formats.Tar;
using System.Text;
using Skiff.Oci.Image;

namespace Skiff.Images.Pack;

/// <summary>
/// image-spec, "Image Layout", in a tar: what <c>ctr image import</c>, <c>nerdctl load</c> and <c>skopeo copy oci-archive:</c> take.
/// Entries are sorted and carry one fixed time, so that the same image is the same file.
/// </summary>
internal static class ImageLayout
{
    /// <summary>containerd's annotation for the whole name; image-spec's own holds only the tag by convention.</summary>
    private const string ContainerdName = "io.containerd.image.name";

    private const string ReferenceName = "org.opencontainers.image.ref.name";

    public static void Write(
        Stream output, ImageName name, Platform platform, Descriptor manifest, IReadOnlyList<OutgoingBlob> blobs, DateTimeOffset time)
    {
        var index = new ImageIndex
        {
            MediaType = MediaTypes.Index,
            Manifests =
            [
                manifest with
                {
                    Platform = platform,
                    Annotations = new SortedDictionary<string, string>(StringComparer.Ordinal)
                    {
                        [ContainerdName] = name.ToString(),
                        [ReferenceName] = name.Tag,
                    },
                },
            ],
        };

        using var tar = new TarWriter(output, TarEntryFormat.Ustar, leaveOpen: true);
        TarEntries.Folder(tar, "blobs/", time);
        TarEntries.Folder(tar, "blobs/sha256/", time);
        // A module that is its own config does not exist, but two equal blobs would be one file.
        foreach (var blob in blobs.DistinctBy(blob => blob.Descriptor.Digest).OrderBy(blob => blob.Descriptor.Digest, StringComparer.Ordinal))
        {
            TarEntries.File(tar, "blobs/" + blob.Descriptor.Digest.Replace(':', '/'), blob.Content, executable: false, time);
        }

        TarEntries.File(tar, "index.json", new MemoryStream(index.ToJson()), executable: false, time);
        var version = Encoding.UTF8.GetBytes("""{"imageLayoutVersion":"1.0.0"}""");
        TarEntries.File(tar, "oci-layout", new MemoryStream(version), executable: false, time);
    }
}
