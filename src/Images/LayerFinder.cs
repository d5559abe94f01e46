using Skiff.Oci;
using Skiff.Oci.Image;
using Skiff.Oci.Runtime;

namespace Skiff.Images;

/// <summary>
/// From a container to the Wasm layer of its image: container → image → index → manifest → layer. Nothing of the layer itself
/// is read before somebody asks for it, because a node has usually compiled it long ago.
/// </summary>
public sealed class LayerFinder(IImageStore store)
{
    /// <summary>
    /// Largest index or manifest read: 4 MiB. distribution-spec has registries accept at least that much, and no registry we
    /// know accepts more.
    /// </summary>
    public const int DocumentBytesMax = 4 * 1024 * 1024;

    // image-spec lets an index hold indexes. One such step has been seen in registries.
    private const int IndexDepthMax = 4;

    /// <exception cref="ImageException">The image is malformed, its choice is not clear, or the store cannot be asked.</exception>
    public async Task<ModuleSearch> FindAsync(string containerId, CancellationToken cancellation)
    {
        var container = await store.GetContainerAsync(containerId, cancellation);
        if (container.Image.Length == 0)
        {
            return ModuleSearch.None($"container '{containerId}' was made without an image, so there is no Wasm layer to look for");
        }

        try
        {
            var target = await store.GetTargetAsync(container.Image, cancellation);
            var manifest = await ReadManifestAsync(target, cancellation);
            var layer = LayerChoice.Choose(manifest.Layers, () => Entrypoint(container));
            return layer is not null
                ? ModuleSearch.Found(layer)
                : ModuleSearch.None(
                    $"image '{container.Image}' has no layer of a Wasm media type ({MediaTypes.Wasm}, {MediaTypes.WasmComponentLayer}, " +
                    $"{MediaTypes.WasmContentLayer})");
        }
        catch (Exception fault) when (fault is ImageException or OciFormatException)
        {
            throw new ImageException($"image '{container.Image}': {fault.Message}", fault);
        }
    }

    /// <summary>The bytes of a layer that <see cref="FindAsync"/> found.</summary>
    /// <param name="bytesMax">A larger layer is refused before it is read.</param>
    /// <exception cref="ImageException">The layer is missing, damaged, too large or precompiled.</exception>
    public async Task<byte[]> ReadAsync(Descriptor layer, long bytesMax, CancellationToken cancellation)
    {
        var content = await store.ReadAsync(layer, bytesMax, cancellation);
        return WasmPreamble.IsNative(content) ? throw LayerChoice.Precompiled(layer) : content;
    }

    private async Task<ImageManifest> ReadManifestAsync(Descriptor target, CancellationToken cancellation)
    {
        for (var depth = 0; depth <= IndexDepthMax; depth++)
        {
            if (MediaTypes.IsManifest(target.MediaType))
            {
                var manifest = ImageManifest.Parse(await store.ReadAsync(target, DocumentBytesMax, cancellation));
                RequireSameType(target, manifest.MediaType);
                return manifest;
            }

            if (!MediaTypes.IsIndex(target.MediaType))
            {
                throw new ImageException($"{target.Digest} has the media type '{target.MediaType}', neither an image index nor a manifest");
            }

            var index = ImageIndex.Parse(await store.ReadAsync(target, DocumentBytesMax, cancellation));
            RequireSameType(target, index.MediaType);
            target = PlatformChoice.Choose(index.Manifests) ?? throw new ImageException(
                "its index has no manifest for a Wasm platform (wasi/wasm, wasip1/wasm, wasip2/wasm) or for this node, only for: " +
                string.Join(", ", index.Manifests.Select(manifest => manifest.Platform).OfType<Platform>().Select(PlatformName.Format).Distinct()));
        }

        throw new ImageException($"its index leads to further indexes over more than {IndexDepthMax} steps");
    }

    // One blob that reads as an index here and as a manifest there would be two images under one digest (CVE-2021-41190).
    private static void RequireSameType(Descriptor target, string? mediaType)
    {
        if (mediaType is { Length: > 0 } && mediaType != target.MediaType)
        {
            throw new ImageException($"{target.Digest} is called '{target.MediaType}' by its descriptor and '{mediaType}' by itself");
        }
    }

    private static string? Entrypoint(ContainerRecord container) => container.Spec.IsEmpty
        ? null
        : RuntimeSpec.Parse(container.Spec.Span).Process?.Args is [var first, ..] ? first : null;
}
