using Skiff.Guest;
using Skiff.Oci.Image;

namespace Skiff.Images.Pack;

/// <summary>Makes an image of a Wasm binary: <c>skiff image pack</c>.</summary>
public static class ImagePacker
{
    private const string DefaultEntrypoint = "/app.wasm";

    /// <summary>Writes the image as an OCI image layout in a tar. The same request gives the same bytes.</summary>
    /// <param name="output">Need not be seekable.</param>
    /// <exception cref="ImageException">The module is no Wasm binary, or the form has no place for what is asked.</exception>
    /// <exception cref="IOException">A file cannot be read, or the output not be written.</exception>
    public static PackedImage Write(PackRequest request, Stream output)
    {
        RequirePossible(request);
        using var module = File.OpenRead(request.Module);
        var kind = KindOf(module, request.Module);
        var platform = request.Platform ?? DefaultPlatform(request.Form, kind);
        if (request.Form != ImageForm.RootFs && !platform.IsWasm)
        {
            throw new ImageException(
                $"an image with a Wasm layer is of the architecture 'wasm', not '{platform.Architecture}': leave the platform out, or use the rootfs form");
        }

        var entrypoint = request.Entrypoint.Count > 0 ? request.Entrypoint : [DefaultEntrypoint];
        using var layer = request.Form == ImageForm.RootFs ? RootFs(request, entrypoint) : ModuleLayer(request.Form, kind, module, entrypoint);
        using var config = request.Form == ImageForm.Artifact
            ? ArtifactConfig(request, module, kind, platform, layer.Descriptor.Digest)
            : ImageConfig(request, platform, entrypoint, layer.Descriptor);
        using var manifest = OutgoingBlob.Of(MediaTypes.Manifest, new ImageManifest
        {
            MediaType = MediaTypes.Manifest,
            Config = config.Descriptor,
            Layers = [layer.Descriptor],
        }.ToJson());

        var name = request.Name ?? ImageName.After(request.Module);
        ImageLayout.Write(output, name, platform, manifest.Descriptor, [layer, config, manifest], request.Created);
        return new PackedImage(name, platform, manifest.Descriptor.Digest);
    }

    private static void RequirePossible(PackRequest request)
    {
        if (request.Form != ImageForm.RootFs && request.Files.Count > 0)
        {
            throw new ImageException("only the rootfs form has a place for further files");
        }

        if (request.Form == ImageForm.Artifact && (request.Entrypoint.Count > 0 || request.Environment.Count > 0))
        {
            throw new ImageException("an artifact has no place for an entrypoint or environment: set them where it is run, or use another form");
        }

        foreach (var variable in request.Environment)
        {
            if (variable.IndexOf('=', StringComparison.Ordinal) <= 0)
            {
                throw new ImageException($"'{variable}' is no environment variable of the form NAME=VALUE");
            }
        }
    }

    private static CodeKind KindOf(FileStream module, string path)
    {
        Span<byte> start = stackalloc byte[WasmPreamble.Length];
        start = start[..module.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        module.Position = 0;
        return WasmPreamble.Detect(start) ?? throw new ImageException(
            WasmPreamble.IsNative(start)
                ? $"{path} is native code (ELF), a program or code that is compiled already: pack the .wasm it was made from"
                : $"{path} is no Wasm binary: it does not begin with the preamble of a module or a component (text, .wat, has to be converted first)");
    }

    private static Platform DefaultPlatform(ImageForm form, CodeKind kind) => new()
    {
        Architecture = "wasm",
        Os = form == ImageForm.RootFs ? "wasi" : kind == CodeKind.Component ? "wasip2" : "wasip1",
    };

    private static OutgoingBlob RootFs(PackRequest request, IReadOnlyList<string> entrypoint)
    {
        var layer = new RootFsLayer();
        layer.Add(new PackFile(request.Module, ModulePath(entrypoint)));
        foreach (var file in request.Files)
        {
            layer.Add(file);
        }

        return OutgoingBlob.Of(MediaTypes.LayerTar, layer.Write(request.Created));
    }

    private static OutgoingBlob ModuleLayer(ImageForm form, CodeKind kind, FileStream module, IReadOnlyList<string> entrypoint)
    {
        var mediaType = form == ImageForm.Layer && kind == CodeKind.Component ? MediaTypes.WasmComponentLayer : MediaTypes.Wasm;
        var blob = OutgoingBlob.Of(mediaType, module);
        return blob with
        {
            Descriptor = blob.Descriptor with
            {
                Annotations = new Dictionary<string, string> { [LayerChoice.Title] = Path.GetFileName(ModulePath(entrypoint)) },
            },
        };
    }

    private static OutgoingBlob ImageConfig(
        PackRequest request, Platform platform, IReadOnlyList<string> entrypoint, Descriptor layer) =>
        OutgoingBlob.Of(MediaTypes.Config, new ImageConfig
        {
            Created = request.Created,
            Architecture = platform.Architecture,
            Variant = platform.Variant,
            Os = platform.Os,
            Config = new ImageProcess
            {
                Entrypoint = entrypoint,
                Env = request.Environment.Count > 0 ? request.Environment : null,
            },
            // containerd unpacks only archives, and compares their number with this list: a Wasm layer must not be in it.
            RootFs = new RootFs { DiffIds = request.Form == ImageForm.RootFs ? [layer.Digest] : [] },
        }.ToJson());

    private static OutgoingBlob ArtifactConfig(
        PackRequest request, FileStream module, CodeKind kind, Platform platform, string layerDigest)
    {
        var interfaces = kind == CodeKind.Component ? ComponentInterfaces.Read(ReadAll(module)) : null;
        return OutgoingBlob.Of(
            MediaTypes.WasmConfig, WasmArtifactConfig.ToJson(platform, layerDigest, interfaces, request.Created));
    }

    private static byte[] ReadAll(FileStream module)
    {
        if (module.Length > CodeCache.ModuleBytesMax)
        {
            throw new ImageException($"{module.Name} has {module.Length} bytes; nodes accept at most {CodeCache.ModuleBytesMax}");
        }

        var content = new byte[module.Length];
        module.ReadExactly(content);
        module.Position = 0;
        return content;
    }

    // args[0] is path[#export]; a bare name is found through the working directory, which is / unless the user says otherwise.
    private static string ModulePath(IReadOnlyList<string> entrypoint) => "/" + entrypoint[0].Split('#', 2)[0].TrimStart('/');
}
