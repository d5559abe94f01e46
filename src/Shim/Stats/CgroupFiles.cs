using System.Globalization;

namespace Skiff.Shim.Stats;

/// <summary>Reads the kernel's figures out of control group files. A file or line that this kernel does not have counts as 0.</summary>
/// <param name="tryRead">Controller and file name to text; null when there is no such file.</param>
internal sealed class CgroupFiles(Func<string, string, string?> tryRead)
{
    public string? Text(string controller, string file) => tryRead(controller, file);

    /// <summary>A file with one number, or <c>max</c>.</summary>
    public ulong Number(string controller, string file, ulong whenMax = ulong.MaxValue) =>
        tryRead(controller, file)?.Trim() switch
        {
            null => 0,
            "max" => whenMax,
            var text => ulong.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0,
        };

    /// <summary>A file of lines <c>name number</c>.</summary>
    public IReadOnlyDictionary<string, ulong> Table(string controller, string file)
    {
        var table = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (var line in Lines(controller, file))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space > 0 && ulong.TryParse(line.AsSpan(space + 1), CultureInfo.InvariantCulture, out var number))
            {
                table[line[..space]] = number;
            }
        }

        return table;
    }

    public IEnumerable<string> Lines(string controller, string file) =>
        tryRead(controller, file)?.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary><c>MAJOR:MINOR</c> of a block device; null when it is something else.</summary>
    public static (ulong Major, ulong Minor)? Device(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0
            && ulong.TryParse(text.AsSpan(0, colon), CultureInfo.InvariantCulture, out var major)
            && ulong.TryParse(text.AsSpan(colon + 1), CultureInfo.InvariantCulture, out var minor)
            ? (major, minor)
            : null;
    }
}
