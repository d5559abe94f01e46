using System.Collections;
using Skiff.Linux;

namespace Skiff.Shim.Bootstrap;

/// <summary>What <c>start</c> hands to the server it spawns: command line, environment, descriptors.</summary>
internal static class ServerArguments
{
    /// <summary>The server's own action; containerd never calls it.</summary>
    public const string Action = "serve";

    /// <summary>The listening socket.</summary>
    public const int ListenerDescriptor = 3;

    /// <summary>What containerd wrote to stdin of <c>start</c>, if anything.</summary>
    public const int InputDescriptor = 4;

    public const string EventsAddressVariable = "TTRPC_ADDRESS";

    /// <summary>The first word is the name we were called by, for that decides the behaviour and is what <c>ps</c> shows.</summary>
    public static List<string> Of(ShimArguments arguments, string group, string socket, bool hasInput)
    {
        List<string> words =
        [
            arguments.ProgramName, "-namespace", arguments.Namespace, "-id", group, "-address", arguments.Address, "-socket", socket,
            "-instance", arguments.Id,
        ];
        if (arguments.Debug)
        {
            words.Add("-debug");
        }

        if (hasInput)
        {
            words.Add("-input");
        }

        words.Add(Action);
        return words;
    }

    /// <summary>Ours, and the events' address where containerd said it on stdin only. Null: just ours.</summary>
    public static List<string>? Environment(StartInput start)
    {
        if (start.Parameters is not { ContainerdTtrpcAddress.Length: > 0 } parameters
            || System.Environment.GetEnvironmentVariable(EventsAddressVariable) is { Length: > 0 })
        {
            return null;
        }

        List<string> variables = [$"{EventsAddressVariable}={parameters.ContainerdTtrpcAddress}"];
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            if (!EventsAddressVariable.Equals(variable.Key))
            {
                variables.Add($"{variable.Key}={variable.Value}");
            }
        }

        return variables;
    }

    /// <summary>Takes what <see cref="Of"/> and the spawn handed over.</summary>
    public static StartInput TakeInput(ShimArguments arguments)
    {
        if (!arguments.HasInput)
        {
            return StartInput.None;
        }

        using var file = Descriptors.TakeInherited(InputDescriptor);
        var input = new byte[RandomAccess.GetLength(file)];
        RandomAccess.Read(file, input, fileOffset: 0);
        return StartInput.Parse(input, arguments.InstanceId, arguments.Namespace);
    }

    /// <summary>Where events go: what containerd says, else the socket it has by default beside its gRPC one.</summary>
    public static string EventsAddress(ShimArguments arguments) =>
        System.Environment.GetEnvironmentVariable(EventsAddressVariable) is { Length: > 0 } address ? address : $"{arguments.Address}.ttrpc";
}
