using System.Collections.Frozen;

namespace Skiff.Http.Messages;

/// <summary>Names of received fields in lower case, as HTTP/2 has them on the wire: one string for each that is common.</summary>
internal static class KnownNames
{
    private static readonly FrozenDictionary<string, string> Known = new[]
    {
        "accept", "accept-charset", "accept-encoding", "accept-language", "accept-ranges", "access-control-allow-origin", "age",
        "allow", "authorization", "cache-control", "content-disposition", "content-encoding", "content-language", "content-length",
        "content-location", "content-range", "content-type", "cookie", "date", "dnt", "etag", "expect", "expires", "forwarded",
        "from", "grpc-encoding", "grpc-accept-encoding", "grpc-message", "grpc-status", "grpc-timeout", "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified", "link", "location", "origin",
        "pragma", "priority", "range", "referer", "retry-after", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "server",
        "set-cookie", "strict-transport-security", "te", "traceparent", "tracestate", "trailer", "user-agent", "vary", "via",
        "www-authenticate", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-request-id",
    }.ToFrozenDictionary(name => name, name => name, StringComparer.OrdinalIgnoreCase);

    public static string Lower(string name) => Known.TryGetValue(name, out var lower) ? lower : name.ToLowerInvariant();
}
