namespace Skiff.Images.Pack;

/// <summary>How a module travels as an image.</summary>
public enum ImageForm
{
    /// <summary>A file in a tar layer, as any program: runs on every containerd, and the image may hold further files.</summary>
    RootFs,

    /// <summary>An image whose layer is the module itself: containerd 1.7 or later.</summary>
    Layer,

    /// <summary>The CNCF Wasm artifact, config <c>application/vnd.wasm.config.v0+json</c>: containerd 1.7 or later, by CRI only.</summary>
    Artifact,
}
