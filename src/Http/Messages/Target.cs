using System.Buffers;

namespace Skiff.Http.Messages;

/// <summary>Request targets (RFC 9112, 3.2) and what guests see of them.</summary>
internal static class Target
{
    private static readonly SearchValues<char> NotInAuthorities = SearchValues.Create("/?#\\@<>\"{}|^`");

    /// <summary>Path and query of a request target; null where it has none (CONNECT).</summary>
    public static string? PathWithQuery(string target)
    {
        if (target.StartsWith('/') || target == "*")
        {
            return target;
        }

        // absolute-form, as clients of a proxy write it
        var authority = target.IndexOf("://", StringComparison.Ordinal);
        if (authority < 0)
        {
            return null;
        }

        var path = target.AsSpan(authority + 3).IndexOfAny('/', '?');
        return path < 0 ? "/" : target[authority + 3 + path] == '/' ? target[(authority + 3 + path)..] : "/" + target[(authority + 3 + path)..];
    }

    /// <summary>Whether a guest may send this as path and query: no blanks, no control characters, nothing beyond ASCII, no fragment.</summary>
    public static bool IsPathWithQuery(string text) =>
        !text.AsSpan().ContainsAnyExceptInRange('!', '~') && !text.Contains('#', StringComparison.Ordinal);

    /// <summary>Whether this is <c>host</c> or <c>host:port</c>.</summary>
    public static bool IsAuthority(string text) => text.Length > 0
        && !text.AsSpan().ContainsAnyExceptInRange('!', '~')
        && !text.AsSpan().ContainsAny(NotInAuthorities)
        && Uri.TryCreate($"http://{text}/", UriKind.Absolute, out var uri) && uri.Host.Length > 0;
}
