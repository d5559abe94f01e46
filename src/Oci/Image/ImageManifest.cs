using System.Text.Json.Serialization;

namespace Skiff.Oci.Image;

/// <summary>image-spec, "Image Manifest": config and layers of an image for one platform, or of an artifact.</summary>
public sealed record ImageManifest
{
    [JsonPropertyName("schemaVersion")]
    public int SchemaVersion { get; init; } = 2;

    [JsonPropertyName("mediaType")]
    public string? MediaType { get; init; }

    [JsonPropertyName("artifactType")]
    public string? ArtifactType { get; init; }

    [JsonPropertyName("config")]
    public required Descriptor Config { get; init; }

    [JsonPropertyName("layers")]
    public required IReadOnlyList<Descriptor> Layers { get; init; }

    [JsonPropertyName("annotations")]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <exception cref="OciFormatException">Not an image manifest.</exception>
    public static ImageManifest Parse(ReadOnlySpan<byte> json)
    {
        var manifest = ImageDocument.Parse(json, ImageJson.Default.ImageManifest, "image manifest");
        ImageDocument.Check([manifest.Config], "image manifest", "config");
        ImageDocument.Check(manifest.Layers, "image manifest", "layers");
        return manifest;
    }

    public byte[] ToJson() => ImageDocument.Write(this, ImageJson.Default.ImageManifest);
}
