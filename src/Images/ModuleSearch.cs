using Skiff.Oci.Image;

namespace Skiff.Images;

/// <summary>How the search for an image's module ended: with a layer, or with the reason why there is none.</summary>
public sealed record ModuleSearch
{
    private ModuleSearch(Descriptor? layer, string reason) => (Layer, Reason) = (layer, reason);

    /// <summary>The Wasm layer; null when the image has none.</summary>
    public Descriptor? Layer { get; }

    /// <summary>Why <see cref="Layer"/> is null, for the user; empty when it is not.</summary>
    public string Reason { get; }

    internal static ModuleSearch Found(Descriptor layer) => new(layer, "");

    internal static ModuleSearch None(string reason) => new(null, reason);
}
