using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Skiff.Oci.Image;

namespace Skiff.Images;

/// <summary>A platform as users write it: <c>os/architecture</c> or <c>os/architecture/variant</c>.</summary>
public static class PlatformName
{
    private static readonly SearchValues<char> Characters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._-");

    public static bool TryParse(string text, [NotNullWhen(true)] out Platform? platform)
    {
        var parts = text.Split('/');
        platform = parts.All(part => part.Length > 0 && !part.AsSpan().ContainsAnyExcept(Characters))
            ? parts switch
            {
                [var os, var architecture] => new Platform { Os = os, Architecture = architecture },
                [var os, var architecture, var variant] => new Platform { Os = os, Architecture = architecture, Variant = variant },
                _ => null,
            }
            : null;
        return platform is not null;
    }

    public static string Format(Platform platform) => platform.Variant is null
        ? $"{platform.Os}/{platform.Architecture}"
        : $"{platform.Os}/{platform.Architecture}/{platform.Variant}";
}
