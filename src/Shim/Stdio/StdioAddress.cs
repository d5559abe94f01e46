namespace Skiff.Shim.Stdio;

internal enum StdioKind
{
    Fifo,
    File,
    LogProgram,
}

/// <summary>One stdio address, taken apart.</summary>
/// <param name="Stream">stdin, stdout or stderr, for messages.</param>
/// <param name="Arguments">Of a log program: keys and values of the query, in order.</param>
internal sealed record StdioAddress(string Stream, StdioKind Kind, string Path, IReadOnlyList<string> Arguments)
{
    /// <summary>A log program's arguments come from a label of the container: bounded like everything from outside.</summary>
    private const int ArgumentsMax = 256;

    /// <exception cref="ShimException">The address is of a kind that is not served; the message names it.</exception>
    public static StdioAddress Parse(string stream, string address)
    {
        var scheme = address.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0)
        {
            return new(stream, StdioKind.Fifo, Absolute(stream, address, address), []);
        }

        var rest = address[(scheme + 3)..];
        var query = rest.IndexOf('?', StringComparison.Ordinal);
        var path = Absolute(stream, address, Uri.UnescapeDataString(query < 0 ? rest : rest[..query]));
        return address[..scheme] switch
        {
            "fifo" => new(stream, StdioKind.Fifo, path, []),
            "file" => new(stream, StdioKind.File, path, []),
            "binary" => new(stream, StdioKind.LogProgram, path, query < 0 ? [] : Query(stream, rest[(query + 1)..])),
            var other => throw Invalid(stream, $"{other}:// is not served; use the path of a FIFO, file:///path or binary:///path"),
        };
    }

    private static List<string> Query(string stream, string query)
    {
        var arguments = new List<string>();
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            arguments.Add(Unescape(equals < 0 ? pair : pair[..equals]));
            if (equals >= 0)
            {
                arguments.Add(Unescape(pair[(equals + 1)..]));
            }
        }

        return arguments.Count <= ArgumentsMax
            ? arguments
            : throw Invalid(stream, $"the log program has more than {ArgumentsMax} arguments");
    }

    private static string Unescape(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static string Absolute(string stream, string address, string path) => path is ['/', _, ..] && !path.Contains('\0', StringComparison.Ordinal)
        ? path
        : throw Invalid(stream, $"'{address}' has no absolute path");

    private static ShimException Invalid(string stream, string message) => new(ShimError.InvalidArgument, $"{stream}: {message}");
}
