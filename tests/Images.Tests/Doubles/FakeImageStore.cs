using System.Text;
using Skiff.Guest;
using Skiff.Oci.Image;

namespace Skiff.Images.Tests.Doubles;

/// <summary>An image store in memory that says whatever a test makes it say, and keeps a list of what was read.</summary>
internal sealed class FakeImageStore : IImageStore
{
    public const string Container = "c1";
    public const string Image = "docker.io/library/hello:latest";

    private readonly Dictionary<string, byte[]> _blobs = [];

    public string ContainerImage { get; set; } = Image;

    public string Spec { get; set; } = """{"ociVersion":"1.0.2","process":{"cwd":"/","args":["/app.wasm"]},"root":{"path":"rootfs"}}""";

    public Descriptor? Target { get; set; }

    /// <summary>Media types of the blobs that were read.</summary>
    public List<string> Reads { get; } = [];

    public Descriptor Add(string mediaType, byte[] content)
    {
        var digest = "sha256:" + ContentDigest.Of(content);
        _blobs[digest] = content;
        return new Descriptor { MediaType = mediaType, Digest = digest, Size = content.Length };
    }

    public Descriptor AddJson(string mediaType, string json) => Add(mediaType, Encoding.UTF8.GetBytes(json));

    public Descriptor AddManifest(params Descriptor[] layers) => Add(
        MediaTypes.Manifest,
        new ImageManifest { MediaType = MediaTypes.Manifest, Config = AddJson(MediaTypes.Config, "{}"), Layers = layers }.ToJson());

    public Descriptor AddIndex(params Descriptor[] manifests) => Add(
        MediaTypes.Index, new ImageIndex { MediaType = MediaTypes.Index, Manifests = manifests }.ToJson());

    public void Replace(Descriptor blob, byte[] content) => _blobs[blob.Digest] = content;

    public Task<ContainerRecord> GetContainerAsync(string id, CancellationToken cancellation)
    {
        Assert.Equal(Container, id);
        return Task.FromResult(new ContainerRecord(ContainerImage, Encoding.UTF8.GetBytes(Spec)));
    }

    public Task<Descriptor> GetTargetAsync(string image, CancellationToken cancellation) =>
        Task.FromResult(Target ?? throw new ImageException($"no image {image}"));

    public Task<byte[]> ReadAsync(Descriptor blob, long bytesMax, CancellationToken cancellation)
    {
        Reads.Add(blob.MediaType);
        var content = new Blob(blob, bytesMax);
        content.Append(_blobs.TryGetValue(blob.Digest, out var bytes) ? bytes : throw new ImageException("no blob"));
        return Task.FromResult(content.Finish());
    }
}
