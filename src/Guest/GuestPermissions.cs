using System.Globalization;

namespace Skiff.Guest;

/// <summary>
/// What an operator says of a guest's permissions and limits, in the words that options (<c>--dir</c>, <c>--net</c>, …) and
/// annotations (<c>skiff.dev/dirs</c>, …) share. Null: nothing was said, and the place's default holds, which is everything in
/// a container and nothing on a command line.
/// </summary>
public sealed record GuestPermissions
{
    /// <summary>Annotations of a pod or container begin with it.</summary>
    public const string AnnotationPrefix = "skiff.dev/";

    private const string Nothing = "none";
    private const string ReadOnlySuffix = ":ro";
    private const string ReadWriteSuffix = ":rw";
    private const double CpuMax = 1024;
    private static readonly char[] Separators = [',', '\n'];

    /// <summary>Directories that the guest may see; in a container by their paths in it.</summary>
    public IReadOnlyList<GuestDirectory>? Directories { get; init; }

    /// <summary>Where connections may go: <c>HOST[:PORT[-PORT]]</c>, a network, a name, <c>*</c>.</summary>
    public IReadOnlyList<string>? Destinations { get; init; }

    /// <summary>Own addresses that may be listened at, written likewise.</summary>
    public IReadOnlyList<string>? Listen { get; init; }

    /// <summary>Variables that the guest sees: <c>NAME</c> from where it is started, or <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string>? Environment { get; init; }

    /// <summary>Largest linear memory in bytes.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Processors' worth of CPU time, e.g. 0.5.</summary>
    public double? Cpu { get; init; }

    public GuestBounds Bounds { get; init; } = GuestBounds.None;

    /// <summary>The words, as they stand behind <see cref="AnnotationPrefix"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = ["dirs", "net", "listen", "env", "memory", "cpu", .. GuestBounds.Names];

    /// <summary>Adds what one word says.</summary>
    /// <exception cref="GuestException">The message names the word and what is wrong with its value.</exception>
    public GuestPermissions With(string name, string value) => name switch
    {
        "dirs" => this with { Directories = [.. List(value).Select(Directory)] },
        "net" => this with { Destinations = List(value) },
        "listen" => this with { Listen = List(value) },
        "env" => this with { Environment = List(value) },
        "memory" => this with { MemoryBytes = Bytes(name, value) },
        "cpu" => this with { Cpu = Processors(name, value) },
        _ when GuestBounds.Names.Contains(name, StringComparer.Ordinal) => this with { Bounds = Bounds.With(name, value) },
        _ => throw new GuestException($"{AnnotationPrefix}{name} is not known; there are {string.Join(", ", Names)}"),
    };

    /// <summary>What is said, over what the place gives by itself; of <see cref="Bounds"/>, the lower.</summary>
    /// <exception cref="GuestException">A variable has neither a value nor one in the environment.</exception>
    public GuestSpec ApplyTo(GuestSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec with
        {
            Directories = Directories ?? spec.Directories,
            Network = new GuestNetwork(Destinations ?? spec.Network.Destinations, Listen ?? spec.Network.Listen),
            Environment = Environment is null ? spec.Environment : [.. Environment.SelectMany(variable => Variable(variable, spec.Environment))],
            Limits = spec.Limits with
            {
                MemoryBytes = MemoryBytes ?? spec.Limits.MemoryBytes,
                Cpu = Cpu ?? spec.Limits.Cpu,
                Bounds = Bounds.Within(spec.Limits.Bounds),
            },
        };
    }

    /// <summary><c>HOST[::GUEST][:ro|:rw]</c>.</summary>
    public static GuestDirectory Directory(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var readOnly = text.EndsWith(ReadOnlySuffix, StringComparison.Ordinal);
        var bare = readOnly || text.EndsWith(ReadWriteSuffix, StringComparison.Ordinal) ? text[..^ReadOnlySuffix.Length] : text;
        var paths = bare.Split("::", 2);
        return paths[0].Length > 0 && paths[^1].Length > 0
            ? new GuestDirectory(paths[0], paths[^1], readOnly)
            : throw new GuestException($"'{text}' is no directory; write HOST[::GUEST][:ro]");
    }

    private static List<string> List(string value) =>
        [.. value.Split(Separators, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(item => item != Nothing)];

    // A name that is not there is left out: an annotation is written for many containers.
    private static IEnumerable<KeyValuePair<string, string>> Variable(string text, IReadOnlyList<KeyValuePair<string, string>> given)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals switch
        {
            > 0 => [new(text[..equals], text[(equals + 1)..])],
            0 => throw new GuestException($"'{text}': a variable needs a name before the ="),
            _ => given.Where(variable => variable.Key == text),
        };
    }

    internal static long Bytes(string name, string value)
    {
        // As Kubernetes writes quantities, and as --memory does.
        var digits = value.TrimEnd("kKmMgGi".ToCharArray());
        long? factor = value[digits.Length..] switch
        {
            "" => 1L,
            "k" or "K" or "Ki" => 1L << 10,
            "m" or "M" or "Mi" => 1L << 20,
            "g" or "G" or "Gi" => 1L << 30,
            _ => null,
        };
        return factor is { } known
            && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number > 0
            && number <= long.MaxValue / known
                ? number * known
                : throw new GuestException($"{name}: '{value}' is not a size; write for example 64Mi");
    }

    private static double Processors(string name, string value)
    {
        var isMilli = value.EndsWith('m');
        return double.TryParse(isMilli ? value[..^1] : value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number > 0
            && number / (isMilli ? 1000 : 1) <= CpuMax
                ? number / (isMilli ? 1000 : 1)
                : throw new GuestException($"{name}: '{value}' is no CPU time; write for example 0.5 or 500m");
    }
}
