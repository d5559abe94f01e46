namespace Skiff.Components.Linking;

/// <summary>
/// Name of an interface, <c>wasi:io/streams@0.2.12</c>, and which versions of it serve one another (component model, Explainer.md,
/// "Import and Export Definitions"; Wasmtime's rule for what the host offers). A name without a version serves only its equal.
/// </summary>
public readonly record struct InterfaceName
{
    private InterfaceName(string text, string path, string? version)
    {
        Text = text;
        Path = path;
        Version = version;
        Track = version is null ? null : TrackOf(version);
        Key = Track is null ? text : $"{path}@{Track}";
    }

    /// <summary>The whole name as the component writes it.</summary>
    public string Text { get; }

    /// <summary>The name without version: <c>wasi:io/streams</c>.</summary>
    public string Path { get; }

    /// <summary><c>0.2.12</c>; null if the name has none.</summary>
    public string? Version { get; }

    /// <summary>
    /// What compatible versions share: <c>1</c> of 1.4.2, <c>0.2</c> of 0.2.12. Null if the version serves only its equal: 0.0.x,
    /// and drafts such as 0.2.0-rc-2023-11-10.
    /// </summary>
    public string? Track { get; }

    /// <summary>Equal for names of which one serves the other: path and track, or the whole name where there is no track.</summary>
    public string Key { get; }

    public static InterfaceName Parse(string text)
    {
        var at = text.LastIndexOf('@');
        return at < 0 || at == text.Length - 1
            ? new InterfaceName(text, text, null)
            : new InterfaceName(text, text[..at], text[(at + 1)..]);
    }

    /// <summary>Whether a host's interface of this name may be given for an import of the other.</summary>
    public bool Serves(InterfaceName import) => Key == import.Key;

    /// <summary>Order of versions on one track, for the choice of the highest; null and what is no version come first.</summary>
    public static int CompareVersions(string? one, string? other)
    {
        var (left, right) = (Numbers(one), Numbers(other));
        for (var i = 0; i < left.Length; i++)
        {
            if (left[i] != right[i])
            {
                return left[i].CompareTo(right[i]);
            }
        }

        return 0;
    }

    public override string ToString() => Text;

    // Also the canonical names of the future, whose version is the track itself: @1, @0.2, @0.0.1.
    private static string? TrackOf(string version)
    {
        var plus = version.IndexOf('+', StringComparison.Ordinal);
        var numbers = plus < 0 ? version : version[..plus];
        var parts = numbers.Split('.');
        if (parts.Length > 3 || !parts.All(IsNumber))
        {
            return null;
        }

        return parts[0] != "0" ? parts[0]
            : parts.Length > 1 && parts[1] != "0" ? $"0.{parts[1]}"
            : null;
    }

    private static bool IsNumber(string text) => text.Length is > 0 and <= 19 && !text.AsSpan().ContainsAnyExceptInRange('0', '9');

    private static ulong[] Numbers(string? version)
    {
        var numbers = new ulong[3];
        var parts = (version ?? "").Split('+')[0].Split('-')[0].Split('.');
        for (var i = 0; i < Math.Min(parts.Length, numbers.Length); i++)
        {
            numbers[i] = IsNumber(parts[i]) ? ulong.Parse(parts[i], System.Globalization.CultureInfo.InvariantCulture) : 0;
        }

        return numbers;
    }
}
