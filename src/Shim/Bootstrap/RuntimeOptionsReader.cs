using System.Globalization;
using System.Text;
using Google.Protobuf;
using Skiff.Guest;
using Skiff.Sandbox;
using Skiff.Shim.Protos;
using Tomlyn;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Skiff.Shim.Bootstrap;

/// <summary>
/// Reads containerd's runtime options: the TOML table of <c>[…runtimes.X.options]</c>, runc's message (ctr and Docker send
/// it), or nothing. The names are listed in README.md of this room.
/// </summary>
internal static class RuntimeOptionsReader
{
    private const string TomlType = "runtimeoptions.v1.Options";
    private const string RuncType = "containerd.runc.v1.Options";

    private const long IdleSecondsMax = 7 * 24 * 3600;

    /// <summary>The largest file that ConfigPath may name.</summary>
    private const long FileBytesMax = 1024 * 1024;

    /// <summary>Keys of runc's own options that may stand in a table written for runc and mean nothing here.</summary>
    private static readonly HashSet<string> RuncKeys = new(StringComparer.Ordinal)
    {
        "NoPivotRoot", "NoNewKeyring", "ShimCgroup", "IoUid", "IoGid", "Root", "CriuPath", "CriuImagePath", "CriuWorkPath",
        "TaskApiAddress", "TaskApiVersion", "TypeUrl", "ConfigPath", "ConfigBody",
    };

    public static bool Understands(string typeUrl) =>
        typeUrl.EndsWith(TomlType, StringComparison.Ordinal) || typeUrl.EndsWith(RuncType, StringComparison.Ordinal);

    /// <exception cref="ShimException">A key or value that is not known; the message names it.</exception>
    public static ShimOptions Read(TypedBytes? options)
    {
        if (options is null || options.TypeUrl.Length == 0)
        {
            return ShimOptions.Default;
        }

        try
        {
            return options.TypeName switch
            {
                RuncType => OfRunc(RuncOptions.Parser.ParseFrom(options.Value.Span)),
                _ when options.TypeName.EndsWith(TomlType, StringComparison.Ordinal) => OfToml(TomlOf(options)),
                _ => throw Invalid($"runtime options of type '{options.TypeUrl}' are not known; use {TomlType} (a TOML table) or {RuncType}"),
            };
        }
        catch (InvalidProtocolBufferException malformed)
        {
            throw new ShimException(ShimError.InvalidArgument, $"runtime options of type '{options.TypeUrl}' cannot be decoded", malformed);
        }
    }

    /// <summary>
    /// What <c>start</c> needs of the options. The table is parsed there only if it can matter: an error in another key is
    /// told by Create, and parsing would cost each start more than all its other work.
    /// </summary>
    public static ShimOptions ReadForStart(TypedBytes? options)
    {
        if (options is null || !options.TypeName.EndsWith(TomlType, StringComparison.Ordinal))
        {
            return ShimOptions.Default;
        }

        var bytes = options.Value.Span;
        return bytes.IndexOf("task_api"u8) >= 0 || bytes.IndexOf("isolation"u8) >= 0 ? Read(options) : ShimOptions.Default;
    }

    /// <summary>1.6.20 sends ConfigPath only, later versions the table itself.</summary>
    private static string TomlOf(TypedBytes options)
    {
        var message = RuntimeOptions.Parser.ParseFrom(options.Value.Span);
        if (message.ConfigBody.Length > 0 || message.ConfigPath.Length == 0)
        {
            return message.ConfigBody.ToStringUtf8();
        }

        var file = new FileInfo(message.ConfigPath);
        if (!file.Exists || file.Length > FileBytesMax)
        {
            throw Invalid($"ConfigPath of the runtime options: {message.ConfigPath} is missing or longer than {FileBytesMax} bytes");
        }

        return File.ReadAllText(message.ConfigPath, Encoding.UTF8);
    }

    private static ShimOptions OfRunc(RuncOptions options) => new()
    {
        Runtime = options.BinaryName.Length == 0 ? null : options.BinaryName,
        // proto3 cannot tell "false" from "not said": only true is a choice, else the form of cgroupsPath decides.
        SystemdCgroup = options.SystemdCgroup ? true : null,
    };

    private static ShimOptions OfToml(string toml)
    {
        if (string.IsNullOrWhiteSpace(toml))
        {
            return ShimOptions.Default;
        }

        try
        {
            // The syntax tree, not the serializer: that one needs reflection or a generated context for a handful of keys.
            return OfDocument(SyntaxParser.ParseStrict(toml, "runtime options", validate: true));
        }
        catch (TomlException malformed)
        {
            throw new ShimException(ShimError.InvalidArgument, $"runtime options are not valid TOML: {malformed.Message}", malformed);
        }
    }

    private static ShimOptions OfDocument(DocumentSyntax document)
    {
        if (document.Tables.FirstOrDefault() is { } table)
        {
            throw Unknown($"{table.Name}");
        }

        var options = ShimOptions.Default;
        foreach (var pair in document.KeyValues)
        {
            options = With(options, $"{pair.Key}".Trim().Trim('"', '\''), pair.Value switch
            {
                StringValueSyntax text => text.Value,
                BooleanValueSyntax truth => truth.Value,
                IntegerValueSyntax number => number.Value,
                _ => null,
            });
        }

        return options;
    }

    private static ShimOptions With(ShimOptions options, string key, object? value) => key switch
    {
        "runtime" or "BinaryName" => options with { Runtime = Text(key, value) },
        "SystemdCgroup" => options with { SystemdCgroup = Truth(key, value) },
        "cache_dir" => options with { CacheDirectory = AbsolutePath(key, value) },
        "cache_max_bytes" => options with { CacheBytesMax = Number(key, value, 0, long.MaxValue) },
        "wait_for_optimised" => options with { WaitsForOptimised = Truth(key, value) },
        "home" => options with { Home = AbsolutePath(key, value) },
        "task_api" => options with { TaskApi = (int)Number(key, value, 2, 3) },
        "isolation" => options with { Isolation = IsolationOf(Text(key, value)) },
        "sharing" => options with { Sharing = SharingOf(Text(key, value)) },
        "idle_seconds" => options with { IdleTime = TimeSpan.FromSeconds(Number(key, value, 1, IdleSecondsMax)) },
        _ when GuestBounds.Names.Contains(Word(key), StringComparer.Ordinal) => options with { Bounds = [.. options.Bounds, Bound(key, value)] },
        _ when RuncKeys.Contains(key) => options,
        _ => throw Unknown(key),
    };

    // Snake case here, kebab case in annotations, as both places have it.
    private static string Word(string key) => key.Replace('_', '-');

    private static KeyValuePair<string, string> Bound(string key, object? value)
    {
        var text = value is long number ? number.ToString(CultureInfo.InvariantCulture) : Text(key, value);
        try
        {
            _ = GuestBounds.None.With(Word(key), text);
        }
        catch (GuestException fault)
        {
            throw new ShimException(ShimError.InvalidArgument, $"runtime option {key}: {fault.Message}", fault);
        }

        return new(Word(key), text);
    }

    private static bool Truth(string key, object? value) => value as bool? ?? throw Invalid($"runtime option {key} must be true or false");

    private static ShimException Unknown(string key) => Invalid(
        $"runtime option '{Shorten(key)}' is not known; known are runtime, SystemdCgroup, cache_dir, cache_max_bytes, wait_for_optimised, home, task_api, isolation, sharing, idle_seconds, {string.Join(", ", GuestBounds.Names.Select(name => name.Replace('-', '_')))} (see containerd's config, [...runtimes.<name>.options])");

    private static Isolation IsolationOf(string text) => text switch
    {
        "container" => Isolation.Container,
        "pod" => Isolation.Pod,
        "node" => Isolation.Node,
        _ => throw Invalid($"runtime option isolation = \"{Shorten(text)}\": must be \"container\", \"pod\" or \"node\""),
    };

    private static Sharing SharingOf(string text) => TrustDomain.Parse(text)
        ?? throw Invalid($"runtime option sharing = \"{Shorten(text)}\": must be \"node\", \"namespace\" or \"pod\"");

    private static string Text(string key, object? value) =>
        value is string { Length: > 0 } text ? text : throw Invalid($"runtime option {key} must be a text");

    private static string AbsolutePath(string key, object? value) =>
        Text(key, value) is ['/', ..] path ? path : throw Invalid($"runtime option {key} must be an absolute path");

    private static long Number(string key, object? value, long least, long most) =>
        value is long number && number >= least && number <= most
            ? number
            : throw Invalid($"runtime option {key} must be a whole number from {least} to {most}");

    private static string Shorten(string text) => text.Length <= 100 ? text : text[..100] + "…";

    private static ShimException Invalid(string message) => new(ShimError.InvalidArgument, message);
}
