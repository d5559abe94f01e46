using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Skiff.Images.Pack;

/// <summary>
/// Name and tag of an image, written out in full (distribution-spec, "Pulling manifests"): <c>hello</c> is
/// <c>docker.io/library/hello:latest</c>, because that is the name under which Docker and Kubernetes will look.
/// </summary>
public sealed record ImageName
{
    private const int RepositoryLengthMax = 255;
    private const int TagLengthMax = 128;

    private static readonly SearchValues<char> PathCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._-/");

    private static readonly SearchValues<char> TagCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    private static readonly SearchValues<char> HostCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]");

    private ImageName(string repository, string tag) => (Repository, Tag) = (repository, tag);

    /// <summary>Host and path.</summary>
    public string Repository { get; }

    public string Tag { get; }

    public static bool TryParse(string text, [NotNullWhen(true)] out ImageName? name)
    {
        name = null;
        var colon = text.LastIndexOf(':');
        var tagged = colon > text.LastIndexOf('/');
        var (repository, tag) = tagged ? (text[..colon], text[(colon + 1)..]) : (text, "latest");
        var (host, path) = Split(repository);
        if (!IsPath(path)
            || !(char.IsAsciiLetterOrDigit(host[0]) || host[0] == '[')
            || host.AsSpan().ContainsAnyExcept(HostCharacters)
            || tag.Length is 0 or > TagLengthMax
            || tag[0] is '.' or '-'
            || tag.AsSpan().ContainsAnyExcept(TagCharacters)
            || host.Length + path.Length >= RepositoryLengthMax)
        {
            return false;
        }

        name = new ImageName($"{host}/{path}", tag);
        return true;
    }

    /// <summary>The name of an image whose user gave none, after the file name of its module.</summary>
    public static ImageName After(string modulePath)
    {
        var letters = Path.GetFileNameWithoutExtension(modulePath).ToLowerInvariant().ToCharArray();
        for (var i = 0; i < letters.Length; i++)
        {
            letters[i] = char.IsAsciiLetterOrDigit(letters[i]) ? letters[i] : '-';
        }

        var text = new string(letters).Trim('-');
        return TryParse(text, out var name) ? name : new ImageName("docker.io/library/app", "latest");
    }

    public override string ToString() => $"{Repository}:{Tag}";

    // The first part is a host if it could not be part of a path on Docker Hub.
    private static (string Host, string Path) Split(string repository)
    {
        var slash = repository.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && (repository.AsSpan(0, slash).ContainsAny('.', ':') || repository[..slash] == "localhost"))
        {
            return (repository[..slash], repository[(slash + 1)..]);
        }

        return ("docker.io", slash < 0 ? "library/" + repository : repository);
    }

    private static bool IsPath(string path) =>
        !path.AsSpan().ContainsAnyExcept(PathCharacters)
        && path.Split('/').All(part => part.Length > 0 && char.IsAsciiLetterOrDigit(part[0]) && char.IsAsciiLetterOrDigit(part[^1]));
}
