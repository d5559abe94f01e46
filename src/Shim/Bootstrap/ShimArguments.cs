namespace Skiff.Shim.Bootstrap;

/// <summary>
/// The command line containerd calls a shim with (docs/containerd.md 1), parsed as Go's <c>flag</c> package does:
/// <c>-id x</c>, <c>--id x</c>, <c>-id=x</c>; flags end at the first word without a dash.
/// </summary>
internal sealed record ShimArguments
{
    /// <summary>How the program was called; its last part decides the behaviour (<see cref="ShimName"/>).</summary>
    public required string ProgramName { get; init; }

    public string Namespace { get; init; } = "";

    public string Id { get; init; } = "";

    /// <summary>containerd's gRPC socket.</summary>
    public string Address { get; init; } = "";

    /// <summary>The containerd program (of old, events were published by executing it).</summary>
    public string PublishBinary { get; init; } = "";

    public string Bundle { get; init; } = "";

    /// <summary>Where the server listens; set by <c>start</c> for the server.</summary>
    public string Socket { get; init; } = "";

    public bool Debug { get; init; }

    /// <summary>Of the server: the id of the container whose <c>start</c> made it, where <see cref="Id"/> is its group's.</summary>
    public string InstanceId { get; init; } = "";

    /// <summary>Of the server: what containerd wrote to <c>start</c> is at <see cref="ServerArguments.InputDescriptor"/>.</summary>
    public bool HasInput { get; init; }

    public bool ShowVersion { get; init; }

    public bool ShowInfo { get; init; }

    /// <summary><c>start</c>, <c>delete</c>, or one of our own; empty without one.</summary>
    public string Action { get; init; } = "";

    /// <exception cref="ShimException">An unknown flag, or a flag without its value.</exception>
    public static ShimArguments Parse(string programName, IReadOnlyList<string> arguments)
    {
        var parsed = new ShimArguments { ProgramName = programName };
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (argument is "--" || argument.Length < 2 || argument[0] != '-')
            {
                var action = argument is "--" ? i + 1 : i;
                return parsed with { Action = action < arguments.Count ? arguments[action] : "" };
            }

            var (name, value) = Split(argument);
            if (IsSwitch(name))
            {
                parsed = parsed.WithSwitch(name, value is null || ParseBool(name, value));
                continue;
            }

            if (value is null && ++i == arguments.Count)
            {
                throw new ShimException(ShimError.InvalidArgument, $"flag -{name} needs a value");
            }

            parsed = parsed.WithValue(name, value ?? arguments[i]);
        }

        return parsed;
    }

    private static (string Name, string? Value) Split(string argument)
    {
        var start = argument.StartsWith("--", StringComparison.Ordinal) ? 2 : 1;
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (argument[start..], null) : (argument[start..equals], argument[(equals + 1)..]);
    }

    private static bool IsSwitch(string name) => name is "debug" or "v" or "version" or "info" or "input";

    private ShimArguments WithSwitch(string name, bool on) => name switch
    {
        "debug" => this with { Debug = on },
        "input" => this with { HasInput = on },
        "info" => this with { ShowInfo = on },
        _ => this with { ShowVersion = on },
    };

    private ShimArguments WithValue(string name, string value) => name switch
    {
        "namespace" => this with { Namespace = value },
        "id" => this with { Id = value },
        "address" => this with { Address = value },
        "publish-binary" => this with { PublishBinary = value },
        "bundle" => this with { Bundle = value },
        "socket" => this with { Socket = value },
        "instance" => this with { InstanceId = value },
        "debug-socket" => this,
        _ => throw new ShimException(ShimError.InvalidArgument, $"flag -{name} is not known to this shim"),
    };

    /// <summary>The spellings of Go's strconv.ParseBool.</summary>
    private static bool ParseBool(string name, string value) => value switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => throw new ShimException(ShimError.InvalidArgument, $"flag -{name} is on or off, not '{value}'"),
    };
}
