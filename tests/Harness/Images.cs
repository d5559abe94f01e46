using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skiff.Harness;

/// <summary>Writes images as OCI layout tars, in every form that a Wasm image takes.</summary>
internal static class Images
{
    public const string Pause = "localhost/pause:1";

    /// <summary>All guests at <c>/</c>, native ones in <c>/bin</c>, platform of the node: what most tests run.</summary>
    public const string Guests = "localhost/guests:1";

    // JavaScript brings its engine with it, 13 MB a guest: such guests get images of their own.
    private const long GuestBytesMax = 1 << 20;

    private const string TarLayer = "application/vnd.oci.image.layer.v1.tar";
    private const string ImageConfig = "application/vnd.oci.image.config.v1+json";
    private const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    private const UnixFileMode Executable = (UnixFileMode)0b111_101_101;

    private sealed record Blob(string MediaType, byte[] Bytes)
    {
        public string Digest { get; } = Convert.ToHexStringLower(SHA256.HashData(Bytes));

        public JsonObject Descriptor() => new() { ["mediaType"] = MediaType, ["digest"] = $"sha256:{Digest}", ["size"] = Bytes.Length };
    }

    /// <summary>The content of the image <see cref="Guests"/>.</summary>
    public static Dictionary<string, string?> GuestFiles()
    {
        var files = new Dictionary<string, string?> { ["/bin"] = null, ["/tmp"] = null, ["/data"] = null, ["/nested"] = null };
        foreach (var path in Directory.EnumerateFiles(Repository.Guests).Where(path => new FileInfo(path).Length <= GuestBytesMax))
        {
            var name = Path.GetFileName(path);
            files[Path.HasExtension(name) ? $"/{name}" : $"/bin/{name}"] = path;
        }

        return files;
    }

    /// <summary>An image whose only layer is a tar of these files.</summary>
    /// <param name="files">Path in the image → path on the host; null: an empty folder; a value that begins with <c>-&gt;</c>: a symlink.</param>
    public static void WriteRootfs(string path, string name, string platform, IReadOnlyDictionary<string, string?> files, string[] entrypoint)
    {
        var layer = new Blob(TarLayer, TarOf(files));
        var config = new Blob(ImageConfig, Json(Config(platform, entrypoint, [layer.Digest])));
        Write(path, name, config, [layer]);
    }

    /// <summary>An OCI image with the module as a layer of a Wasm media type, and no rootfs.</summary>
    public static void WriteWasmLayer(string path, string name, string module, string layerType)
    {
        var layer = new Blob(layerType, File.ReadAllBytes(module));
        // No diff_ids: containerd would want each layer with one to be a tar.
        var config = new Blob(ImageConfig, Json(Config("wasip1/wasm", ["/" + Path.GetFileName(module)], [])));
        Write(path, name, config, [layer]);
    }

    /// <summary>The CNCF Wasm artifact: its own config type, one layer <c>application/wasm</c>.</summary>
    public static void WriteArtifact(string path, string name, string module)
    {
        var layer = new Blob("application/wasm", File.ReadAllBytes(module));
        var config = new Blob("application/vnd.wasm.config.v0+json", Json(new JsonObject
        {
            ["created"] = "2024-01-01T00:00:00Z",
            ["architecture"] = "wasm",
            ["os"] = "wasip1",
            ["layerDigests"] = new JsonArray($"sha256:{layer.Digest}"),
        }));
        Write(path, name, config, [layer]);
    }

    private static JsonObject Config(string platform, string[] entrypoint, string[] layers)
    {
        var parts = platform.Split('/');
        return new JsonObject
        {
            ["created"] = "2024-01-01T00:00:00Z",
            ["os"] = parts[0],
            ["architecture"] = parts[1],
            ["config"] = new JsonObject { ["Entrypoint"] = new JsonArray([.. entrypoint.Select(word => (JsonNode)word)]) },
            ["rootfs"] = new JsonObject
            {
                ["type"] = "layers",
                ["diff_ids"] = new JsonArray([.. layers.Select(layer => (JsonNode)$"sha256:{layer}")]),
            },
        };
    }

    private static void Write(string path, string name, Blob config, Blob[] layers)
    {
        var manifest = new Blob(Manifest, Json(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = Manifest,
            ["config"] = config.Descriptor(),
            ["layers"] = new JsonArray([.. layers.Select(layer => (JsonNode)layer.Descriptor())]),
        }));
        var entry = manifest.Descriptor();
        entry["annotations"] = new JsonObject
        {
            ["io.containerd.image.name"] = name,
            ["org.opencontainers.image.ref.name"] = name[(name.LastIndexOf(':') + 1)..],
        };
        using var file = File.Create(path);
        using var tar = new TarWriter(file, TarEntryFormat.Ustar);
        Add(tar, "oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray());
        Add(tar, "index.json", Json(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(entry) }));
        foreach (var blob in layers.Append(config).Append(manifest))
        {
            Add(tar, $"blobs/sha256/{blob.Digest}", blob.Bytes);
        }
    }

    private static byte[] TarOf(IReadOnlyDictionary<string, string?> files)
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var (name, source) in files.OrderBy(file => file.Key, StringComparer.Ordinal))
            {
                if (source is null)
                {
                    tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, name.TrimStart('/')) { Mode = Executable });
                }
                else if (source.StartsWith("->", StringComparison.Ordinal))
                {
                    tar.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, name.TrimStart('/')) { LinkName = source[2..] });
                }
                else
                {
                    Add(tar, name.TrimStart('/'), File.ReadAllBytes(source));
                }
            }
        }

        return stream.ToArray();
    }

    private static void Add(TarWriter tar, string name, byte[] bytes) =>
        tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes), Mode = Executable });

    private static byte[] Json(JsonObject value) => Encoding.UTF8.GetBytes(value.ToJsonString(new JsonSerializerOptions { WriteIndented = false }));
}
