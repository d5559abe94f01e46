namespace Skiff.Engine;

/// <summary>
/// The engine's error texts are a headline, then the Wasm backtrace (for a trap), then a "Caused by:" list from the outermost
/// to the innermost cause, numbered when there are several.
/// </summary>
internal static class EngineText
{
    private const string Causes = "Caused by:";
    private const string Backtrace = "error while executing at wasm backtrace:";

    /// <summary>Headline and causes on one line, parted by colons; without the backtrace.</summary>
    public static string OneLine(string text)
    {
        var parts = new List<string>();
        var inBacktrace = false;
        foreach (var raw in text.Split('\n'))
        {
            var line = raw.Trim();
            if (line == Backtrace)
            {
                inBacktrace = true;
            }
            else if (line == Causes || line.Length == 0)
            {
                // An empty line ends the backtrace.
                inBacktrace = false;
            }
            else if (!inBacktrace)
            {
                parts.Add(WithoutNumber(line));
            }
        }

        return string.Join(": ", parts);
    }

    // "2: unknown import" -> "unknown import"
    private static string WithoutNumber(string line)
    {
        var colon = line.IndexOf(": ", StringComparison.Ordinal);
        return colon > 0 && line.AsSpan(0, colon).ContainsAnyExceptInRange('0', '9') ? line : line[(colon > 0 ? colon + 2 : 0)..];
    }
}
