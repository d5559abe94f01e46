using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Skiff.Oci.Image;

/// <summary>
/// image-spec, "Digests". Only sha256 is known: it is what containerd stores by, and paths and names are made from
/// <see cref="Hex"/>, so nothing else may get through.
/// </summary>
public readonly record struct Digest
{
    private const string Prefix = "sha256:";
    private const int HexLength = 64;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private Digest(string hex) => Hex = hex;

    /// <summary>64 lowercase hex digits.</summary>
    public string Hex { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        if (text is null
            || text.Length != Prefix.Length + HexLength
            || !text.StartsWith(Prefix, StringComparison.Ordinal)
            || text.AsSpan(Prefix.Length).ContainsAnyExcept(HexDigits))
        {
            return false;
        }

        digest = new Digest(text[Prefix.Length..]);
        return true;
    }

    public override string ToString() => Prefix + Hex;
}
