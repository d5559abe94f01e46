using Skiff.Oci.Image;

namespace Skiff.Images.Pack;

/// <summary>What <see cref="ImagePacker"/> is to write. What is null has a default that follows from the module and the form.</summary>
public sealed record PackRequest
{
    /// <summary>Path of the Wasm binary, module or component.</summary>
    public required string Module { get; init; }

    public required ImageForm Form { get; init; }

    /// <summary>Default: the module's file name.</summary>
    public ImageName? Name { get; init; }

    /// <summary>Default: <c>wasi/wasm</c> for a rootfs image, else <c>wasip1/wasm</c> or <c>wasip2/wasm</c> by the module's kind.</summary>
    public Platform? Platform { get; init; }

    /// <summary>Entrypoint of the image; element 0 says where the module lies in it. Default: <c>/app.wasm</c>.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    /// <summary>Each <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Further files and folders of a rootfs image.</summary>
    public IReadOnlyList<PackFile> Files { get; init; } = [];

    /// <summary>The only time in the image: the same input gives the same bytes. Builders pass SOURCE_DATE_EPOCH.</summary>
    public DateTimeOffset Created { get; init; } = DateTimeOffset.UnixEpoch;
}

/// <summary>A file or folder of this machine, and its absolute path in the image.</summary>
public sealed record PackFile(string Source, string Destination);

/// <summary>What was written.</summary>
/// <param name="Digest">Of the manifest, <c>sha256:HEX</c>.</param>
public sealed record PackedImage(ImageName Name, Platform Platform, string Digest);
