using System.Buffers;
using System.Text.Json;
using Skiff.Oci.Image;

namespace Skiff.Images.Pack;

/// <summary>The config of the CNCF Wasm artifact (TAG Runtime, "Wasm OCI Artifact layout", <c>application/vnd.wasm.config.v0+json</c>).</summary>
internal static class WasmArtifactConfig
{
    /// <param name="interfaces">What a component imports and exports; null for a core module.</param>
    public static byte[] ToJson(Platform platform, string layerDigest, ComponentInterfaces? interfaces, DateTimeOffset created)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("created", created);
            json.WriteString("architecture", platform.Architecture);
            json.WriteString("os", platform.Os);
            WriteNames(json, "layerDigests", [layerDigest]);
            if (interfaces is not null)
            {
                json.WriteStartObject("component");
                WriteNames(json, "exports", interfaces.Exports);
                WriteNames(json, "imports", interfaces.Imports);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteNames(Utf8JsonWriter json, string member, IEnumerable<string> names)
    {
        json.WriteStartArray(member);
        foreach (var name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
    }
}
