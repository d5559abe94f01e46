using Skiff.Oci.Image;

namespace Skiff.Images;

/// <summary>Which layer of a manifest is the module to run.</summary>
internal static class LayerChoice
{
    /// <summary>image-spec, "Pre-Defined Annotation Keys": here the file name that the layer had.</summary>
    public const string Title = "org.opencontainers.image.title";

    /// <summary>The one Wasm layer; of several, the one with the entrypoint's name. Null when there is none.</summary>
    /// <param name="entrypoint">Reads args[0] of the container; called only when there is a choice to make.</param>
    /// <exception cref="ImageException">Several could be meant, or only precompiled code is there.</exception>
    public static Descriptor? Choose(IReadOnlyList<Descriptor> layers, Func<string?> entrypoint)
    {
        var modules = layers.Where(layer => MediaTypes.IsWasmLayer(layer.MediaType) && !IsPrecompiled(layer)).ToArray();
        return modules.Length switch
        {
            0 => layers.FirstOrDefault(IsPrecompiled) is { } precompiled ? throw Precompiled(precompiled) : null,
            1 => modules[0],
            _ => ByEntrypoint(modules, entrypoint()),
        };
    }

    /// <summary>The refusal of a layer that holds the engine's native code instead of Wasm.</summary>
    public static ImageException Precompiled(Descriptor layer) => new(
        $"layer {NameOf(layer)} holds precompiled code: native code that would run unchecked, outside of the Wasm sandbox, so it is " +
        "never loaded from an image; publish the .wasm it was made from, this node compiles it once and keeps the result");

    private static Descriptor ByEntrypoint(Descriptor[] modules, string? entrypoint)
    {
        // args[0] is path[#export].
        var path = entrypoint?.Split('#', 2)[0].TrimStart('/');
        var named = modules.Where(module => TitleOf(module) is { } title && title.TrimStart('/') == path).ToArray();
        if (named.Length == 0 && path is not null)
        {
            named = modules.Where(module => Path.GetFileName(TitleOf(module)) == Path.GetFileName(path)).ToArray();
        }

        return named.Length == 1
            ? named[0]
            : throw new ImageException(
                $"the image has {modules.Length} Wasm layers and the entrypoint '{entrypoint}' is not the '{Title}' annotation of just " +
                $"one of them: {string.Join(", ", modules.Select(NameOf))}; name one of them as the first argument, or publish one module an image");
    }

    private static bool IsPrecompiled(Descriptor layer) =>
        layer.MediaType.Contains("cwasm", StringComparison.OrdinalIgnoreCase)
        || layer.MediaType.Contains("precompiled", StringComparison.OrdinalIgnoreCase)
        || TitleOf(layer)?.EndsWith(".cwasm", StringComparison.OrdinalIgnoreCase) == true;

    private static string? TitleOf(Descriptor layer) => layer.Annotations?.GetValueOrDefault(Title);

    private static string NameOf(Descriptor layer) =>
        TitleOf(layer) is { } title ? $"'{title}' ({layer.Digest})" : $"{layer.Digest} ({layer.MediaType})";
}
