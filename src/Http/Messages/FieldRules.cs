using System.Buffers;
using System.Collections.Frozen;

namespace Skiff.Http.Messages;

/// <summary>What may be a field's name and value (RFC 9110, 5.1 and 5.5), and which fields are the host's own business.</summary>
internal static class FieldRules
{
    /// <summary>
    /// All names and values of one fields object, in bytes. Twice what a client may send us, so that a guest can pass all of it on
    /// with additions.
    /// </summary>
    public const int BytesMax = 128 * 1024;

    // tchar (RFC 9110, 5.6.2)
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    // Field values hold visible characters, obs-text, blanks and tabs.
    private static readonly SearchValues<byte> ForbiddenInValues = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Where(code => code != '\t').Select(code => (byte)code), 0x7f]);

    /// <summary>Fields of the connection, which the host alone writes and which guests never see (wasi:http, "forbidden").</summary>
    private static readonly FrozenSet<string> Forbidden = new[]
    {
        "connection", "host", "http2-settings", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
        "transfer-encoding", "upgrade",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static bool IsName(string name) => name.Length > 0 && !name.AsSpan().ContainsAnyExcept(NameCharacters);

    public static bool IsValue(ReadOnlySpan<byte> value) => !value.ContainsAny(ForbiddenInValues);

    public static bool IsForbidden(string name) => Forbidden.Contains(name);

    public static bool IsToken(string text) => IsName(text);
}
