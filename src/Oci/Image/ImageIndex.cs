using System.Text.Json.Serialization;

namespace Skiff.Oci.Image;

/// <summary>image-spec, "Image Index": one image for several platforms.</summary>
public sealed record ImageIndex
{
    [JsonPropertyName("schemaVersion")]
    public int SchemaVersion { get; init; } = 2;

    [JsonPropertyName("mediaType")]
    public string? MediaType { get; init; }

    [JsonPropertyName("artifactType")]
    public string? ArtifactType { get; init; }

    [JsonPropertyName("manifests")]
    public required IReadOnlyList<Descriptor> Manifests { get; init; }

    [JsonPropertyName("annotations")]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <exception cref="OciFormatException">Not an image index.</exception>
    public static ImageIndex Parse(ReadOnlySpan<byte> json)
    {
        var index = ImageDocument.Parse(json, ImageJson.Default.ImageIndex, "image index");
        ImageDocument.Check(index.Manifests, "image index", "manifests");
        return index;
    }

    public byte[] ToJson() => ImageDocument.Write(this, ImageJson.Default.ImageIndex);
}
