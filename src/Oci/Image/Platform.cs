using System.Text.Json.Serialization;

namespace Skiff.Oci.Image;

/// <summary>image-spec, "Image Index": the <c>platform</c> object of a manifest descriptor.</summary>
public sealed record Platform
{
    [JsonPropertyName("architecture")]
    public required string Architecture { get; init; }

    [JsonPropertyName("os")]
    public required string Os { get; init; }

    [JsonPropertyName("os.version")]
    public string? OsVersion { get; init; }

    [JsonPropertyName("os.features")]
    public IReadOnlyList<string>? OsFeatures { get; init; }

    [JsonPropertyName("variant")]
    public string? Variant { get; init; }

    /// <summary>True for the platforms under which Wasm is published: <c>wasi/wasm</c>, <c>wasip1/wasm</c>, <c>wasip2/wasm</c>.</summary>
    [JsonIgnore]
    public bool IsWasm => Architecture is "wasm" or "wasm32";
}
