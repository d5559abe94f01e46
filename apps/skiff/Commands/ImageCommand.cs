using System.CommandLine;
using System.Globalization;
using Skiff.Images;
using Skiff.Images.Pack;
using Skiff.Oci.Image;

namespace Skiff.Cli.Commands;

/// <summary><c>skiff image</c>: making images of modules.</summary>
internal static class ImageCommand
{
    private const int Success = 0;
    private const int Failure = 1;
    private const string StandardOutput = "-";
    private const string RootFs = "rootfs";
    private const string Layer = "layer";
    private const string Artifact = "artifact";

    // reproducible-builds.org: the time, in seconds of the Unix epoch, that a build is to write where it needs one.
    private const string SourceDate = "SOURCE_DATE_EPOCH";

    private static readonly Argument<string> Module = new("FILE") { Description = "The Wasm binary, module or component" };

    private static readonly Option<string> Output =
        new("--output", "-o") { Description = $"The tar to write; {StandardOutput} for stdout", HelpName = "TAR", Required = true };

    private static readonly Option<string> Form = new Option<string>("--form")
    {
        Description = "rootfs: a file in an image, runs on every containerd. layer: the module is the layer, containerd 1.7 or later. " +
            "artifact: CNCF Wasm artifact, containerd 1.7 or later by CRI",
        DefaultValueFactory = _ => RootFs,
    }.AcceptOnlyFromAmong(RootFs, Layer, Artifact);

    private static readonly Option<string?> Name =
        new("--name") { Description = "Name of the image (default: the file's, with :latest)", HelpName = "REF" };

    private static readonly Option<string?> Target =
        new("--platform") { Description = "Default: wasi/wasm; for layer and artifact wasip1/wasm or wasip2/wasm", HelpName = "OS/ARCH" };

    private static readonly Option<string[]> Entrypoint = new("--entrypoint")
    {
        Description = "Where the module lies in the image, and, repeated, its first arguments (default: /app.wasm)",
        HelpName = "PATH[#EXPORT]",
    };

    private static readonly Option<string[]> Variables =
        new("--env") { Description = "Environment of the image; may be repeated", HelpName = "NAME=VALUE" };

    private static readonly Option<string[]> Files =
        new("--file") { Description = "Further file or folder of a rootfs image; may be repeated", HelpName = "SOURCE:PATH" };

    public static Command Create() => new("image", "Make images of modules") { Pack() };

    private static Command Pack()
    {
        var command = new Command("pack", "Write a module as an OCI image layout, for `ctr image import` and others")
        {
            Module, Output, Form, Name, Target, Entrypoint, Variables, Files,
        };
        command.SetAction(parsed =>
        {
            try
            {
                Pack(Request(parsed), parsed.GetRequiredValue(Output));
                return Success;
            }
            catch (Exception fault) when (fault is ImageException or IOException or UnauthorizedAccessException)
            {
                Outcome.Complain(fault.Message);
                return Failure;
            }
        });
        return command;
    }

    private static void Pack(PackRequest request, string path)
    {
        if (path == StandardOutput)
        {
            using var output = Console.OpenStandardOutput();
            ImagePacker.Write(request, output);
            return;
        }

        // Beside its place and renamed: an interrupted or refused packing leaves what was there.
        var unfinished = $"{path}.{Environment.ProcessId}.tmp";
        PackedImage image;
        try
        {
            using (var output = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write))
            {
                image = ImagePacker.Write(request, output);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }

        var platform = PlatformName.Format(image.Platform);
        Console.Out.Write($"""
            {image.Name} for {platform}, manifest {image.Digest}
            To import it: ctr image import --platform {platform} {path}

            """);
    }

    private static PackRequest Request(ParseResult parsed) => new()
    {
        Module = parsed.GetRequiredValue(Module),
        Form = parsed.GetValue(Form) switch
        {
            Layer => ImageForm.Layer,
            Artifact => ImageForm.Artifact,
            _ => ImageForm.RootFs,
        },
        Name = NameOf(parsed.GetValue(Name)),
        Platform = PlatformOf(parsed.GetValue(Target)),
        Entrypoint = parsed.GetValue(Entrypoint) ?? [],
        Environment = parsed.GetValue(Variables) ?? [],
        Files = [.. (parsed.GetValue(Files) ?? []).Select(FileOf)],
        Created = SourceTime(),
    };

    private static ImageName? NameOf(string? text) => text switch
    {
        null => null,
        _ when ImageName.TryParse(text, out var name) => name,
        _ => throw new ImageException($"'{text}' is no image name: write for instance hello, me/hello:1.0 or registry.example/hello:1.0, in lower case"),
    };

    private static Platform? PlatformOf(string? text) => text switch
    {
        null => null,
        _ when PlatformName.TryParse(text, out var platform) => platform,
        _ => throw new ImageException($"'{text}' is no platform: write OS/ARCHITECTURE, for instance wasi/wasm"),
    };

    private static PackFile FileOf(string text)
    {
        // The path in the image begins with a slash, the source may hold colons.
        var colon = text.LastIndexOf(":/", StringComparison.Ordinal);
        return colon > 0
            ? new PackFile(text[..colon], text[(colon + 1)..])
            : throw new ImageException($"'{text}' does not say where the file goes: write SOURCE:/PATH/IN/IMAGE");
    }

    private static DateTimeOffset SourceTime()
    {
        var text = Environment.GetEnvironmentVariable(SourceDate);
        if (string.IsNullOrEmpty(text))
        {
            return DateTimeOffset.UnixEpoch;
        }

        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new ImageException($"{SourceDate} is '{text}', not a number of seconds");
    }
}
