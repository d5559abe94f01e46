using System.Globalization;

namespace Skiff.Shim.Stats;

/// <summary>Reads the kernel's figures out of control group files. A file or line that this kernel does not have counts as 0.</summary>
/// <param name="tryRead">Controller and file name to text; null when there is no such file.</param>
internal sealed class CgroupFiles(Func<string, string, string?> tryRead)
{
    private static readonly string[] KnownHugePageSizes = ["2MB", "1GB"];

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
    public CgroupTable Table(string controller, string file) => new(Lines(controller, file));

    /// <summary>The sizes of huge pages that this kernel counts, as the names of its files spell them.</summary>
    /// <param name="file">What follows <c>hugetlb.SIZE.</c> in the name of a file that is there when the size is.</param>
    public IEnumerable<string> HugePageSizes(string file) =>
        KnownHugePageSizes.Where(size => Text("hugetlb", $"hugetlb.{size}.{file}") is not null);

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

/// <summary>The lines <c>name number</c> of a control group file. A name that this kernel does not know reads as 0.</summary>
internal sealed class CgroupTable
{
    private readonly Dictionary<string, ulong> _numbers = new(StringComparer.Ordinal);

    public CgroupTable(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space > 0 && ulong.TryParse(line.AsSpan(space + 1), CultureInfo.InvariantCulture, out var number))
            {
                _numbers[line[..space]] = number;
            }
        }
    }

    public ulong this[string name] => _numbers.GetValueOrDefault(name);
}
