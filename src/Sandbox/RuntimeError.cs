using System.Text;
using System.Text.Json;

namespace Skiff.Sandbox;

/// <summary>
/// What an OCI runtime says when it fails: lines of JSON (<c>--log-format json</c>: <c>level</c>, <c>msg</c>, <c>time</c>),
/// or plain text where it failed before its log was open.
/// </summary>
internal static class RuntimeError
{
    /// <summary>Longest text that goes into an error, in characters; a runtime quotes parts of the hostile spec.</summary>
    public const int TextMax = 4096;

    /// <summary>Most of a log that is looked at, in bytes, from its end: the reason of a failure is said last.</summary>
    private const int LogBytesMax = 64 * 1024;

    /// <summary>The text of a log file; empty when there is none.</summary>
    public static string ReadLog(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var length = RandomAccess.GetLength(file);
            var bytes = new byte[Math.Min(length, LogBytesMax)];
            var count = RandomAccess.Read(file, bytes, length - bytes.Length);
            return Encoding.UTF8.GetString(bytes, 0, count);
        }
        catch (FileNotFoundException)
        {
            return "";
        }
    }

    /// <summary>The reason in <paramref name="output"/>: the last error of the log, else the last plain line; null when nothing was said.</summary>
    public static string? Parse(string output)
    {
        string? error = null, plain = null;
        foreach (var range in output.AsSpan().Split('\n'))
        {
            var line = output[range].Trim();
            if (line.Length == 0)
            {
                continue;
            }

            if (TryParseLine(line, out var level, out var message))
            {
                error = level is "error" or "fatal" or "panic" && message.Length > 0 ? message : error;
            }
            else
            {
                plain = line;
            }
        }

        return (error ?? plain) is { } text ? Clean(text) : null;
    }

    /// <summary>Whether a failed create lies in how this runtime and this node's control groups go together, so that another runtime may do better.</summary>
    public static bool IsUnfitNode(string text) =>
        text.Contains("cgroup", StringComparison.OrdinalIgnoreCase)
        || text.Contains("hugetlb", StringComparison.OrdinalIgnoreCase)
        || text.Contains("unknown version specified", StringComparison.Ordinal);

    /// <summary>Whose business the failure is.</summary>
    public static SandboxFault FaultOf(string text)
    {
        if (text.Contains("not found in $PATH", StringComparison.Ordinal) || text.Contains("o such file or directory", StringComparison.Ordinal))
        {
            return SandboxFault.NotFound;
        }

        return text.Contains("annot allocate memory", StringComparison.Ordinal) || text.Contains("o space left", StringComparison.Ordinal)
            ? SandboxFault.ResourceExhausted
            : SandboxFault.Internal;
    }

    private static bool TryParseLine(string line, out string? level, out string message)
    {
        (level, message) = (null, "");
        if (line[0] != '{')
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(line);
            level = TextOf(document.RootElement, "level");
            message = TextOf(document.RootElement, "msg") ?? "";
            return true;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // The first line of a log that was cut at its beginning, or a program that is no OCI runtime.
            return false;
        }
    }

    private static string? TextOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // Control characters would let an image write over the operator's terminal.
    private static string Clean(string text)
    {
        var clean = string.Create(Math.Min(text.Length, TextMax), text, static (target, source) =>
        {
            for (var i = 0; i < target.Length; i++)
            {
                target[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        });
        return text.Length > TextMax ? clean + "…" : clean;
    }
}
