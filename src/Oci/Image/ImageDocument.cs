using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Skiff.Oci.Image;

/// <summary>Reading and writing of the three image-spec documents, with the bounds that registries hold themselves to.</summary>
internal static class ImageDocument
{
    /// <summary>What distribution-spec asks a registry to accept at least; containerd's own limit is 8 MiB.</summary>
    public const int BytesMax = 8 * 1024 * 1024;

    public static T Parse<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, string what)
    {
        if (json.Length > BytesMax)
        {
            throw new OciFormatException($"The {what} has {json.Length} bytes; at most {BytesMax} are read.");
        }

        try
        {
            return JsonSerializer.Deserialize(json, type)
                ?? throw new OciFormatException($"The {what} is the JSON value null.");
        }
        catch (JsonException e)
        {
            throw new OciFormatException($"This is no {what}: {e.Message}", e);
        }
    }

    /// <summary>Checks what the type system does not: no null among the descriptors, no negative size, no digest but sha256.</summary>
    public static void Check(IReadOnlyList<Descriptor?> descriptors, string what, string member)
    {
        for (var i = 0; i < descriptors.Count; i++)
        {
            if (descriptors[i] is not { Size: >= 0 } descriptor || !Digest.TryParse(descriptor.Digest, out _))
            {
                throw new OciFormatException(
                    $"The {what} has in '{member}', at index {i}, no descriptor with a size and a digest of the form sha256:HEX.");
            }
        }
    }

    public static byte[] Write<T>(T document, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(document, type);
}

[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ImageIndex))]
[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(ImageConfig))]
internal sealed partial class ImageJson : JsonSerializerContext;
