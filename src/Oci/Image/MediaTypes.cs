namespace Skiff.Oci.Image;

/// <summary>Media types of image-spec, of Docker's older form of it, and of the ways Wasm travels in registries.</summary>
public static class MediaTypes
{
    public const string Index = "application/vnd.oci.image.index.v1+json";
    public const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    public const string Config = "application/vnd.oci.image.config.v1+json";
    public const string LayerTar = "application/vnd.oci.image.layer.v1.tar";
    public const string LayerTarGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    public const string LayerTarZstd = "application/vnd.oci.image.layer.v1.tar+zstd";

    /// <summary>The empty JSON object <c>{}</c> that stands where an artifact has no config (image-spec, "Guidance for an Empty Descriptor").</summary>
    public const string Empty = "application/vnd.oci.empty.v1+json";

    public const string DockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";
    public const string DockerLayerTarGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    /// <summary>Config of the CNCF Wasm artifact.</summary>
    public const string WasmConfig = "application/vnd.wasm.config.v0+json";

    /// <summary>A module or component as a layer: RFC 9239's type, used by the CNCF Wasm artifact and by runwasi.</summary>
    public const string Wasm = "application/wasm";

    public const string WasmComponentLayer = "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm";
    public const string WasmContentLayer = "application/vnd.wasm.content.layer.v1+wasm";

    public static bool IsIndex(string? mediaType) => mediaType is Index or DockerManifestList;

    public static bool IsManifest(string? mediaType) => mediaType is Manifest or DockerManifest;

    public static bool IsImageConfig(string? mediaType) => mediaType is Config or DockerConfig;

    /// <summary>True for a layer whose bytes are a Wasm module or component, not an archive.</summary>
    public static bool IsWasmLayer(string? mediaType) => mediaType is Wasm or WasmComponentLayer or WasmContentLayer;
}
