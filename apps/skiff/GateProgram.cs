using System.Collections;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Skiff.Guest;
using Skiff.Runner;

namespace Skiff.Cli;

/// <summary>
/// <c>skiff run --gate [--export E] [--bound NAME=VALUE]… [--grant NAME=VALUE]… --kind module|component [--baseline] -- ARGV…</c>: the init process of a container. It loads everything,
/// says that it is ready, and runs the guest when it is told to (<see cref="StartGate"/>).
/// </summary>
internal static class GateProgram
{
    public static bool Recognises(string[] args) => args is ["run", "--gate", ..];

    public static int Run(string[] args) => Outcome.OnGuestStack(null, () =>
    {
        using var control = new FileStream(
            new SafeFileHandle(StartGate.ControlDescriptor, ownsHandle: true), FileAccess.ReadWrite, bufferSize: 0);
        var code = new SafeFileHandle(StartGate.CodeDescriptor, ownsHandle: true);
        var modules = 0;
        var signals = Outcome.EndOnSignals();
        IPreparedGuest guest;
        try
        {
            var spec = Parse(args);
            if (spec.Code.Kind == CodeKind.Component)
            {
                modules = ComponentCode.TryReadModules(code)?.Count ?? throw new DamagedCodeException("compiled code of the component is damaged", null);
                spec = spec with { Code = spec.Code with { Modules = [.. Enumerable.Range(StartGate.CodeDescriptor + 1, modules).Select(PathOf)] } };
            }

            guest = Outcome.CreateRunner(serves: true).Prepare(spec);
        }
        catch (Exception fault) when (fault is GuestException or DamagedCodeException)
        {
            control.Write(StartGate.Refusal(fault is DamagedCodeException ? StartGate.DamagedWord : StartGate.ErrorWord, fault.Message));

            // Until somebody has read it, or deletes the container: Start of a process that has ended already would not ask for the reason.
            WaitForStart(control);
            Outcome.End(new GuestExit(GuestExit.CannotExecute, fault.Message));
            throw;
        }

        code.Dispose();
        for (var module = 1; module <= modules; module++)
        {
            new SafeFileHandle(StartGate.CodeDescriptor + module, ownsHandle: true).Dispose();
        }

        control.Write(StartGate.Ready);
        if (!WaitForStart(control))
        {
            Outcome.End(new GuestExit(GuestExit.CannotExecute, "whoever made this container ended before starting it"));
        }

        // The guest finds no descriptor but its own three.
        control.Dispose();
        if (guest.StopsOnSignals)
        {
            Array.ForEach(signals, signal => signal.Dispose());
        }

        Outcome.End(guest.Run());
        GC.KeepAlive(signals);
        return 0;
    });

    private static bool WaitForStart(FileStream control)
    {
        Span<byte> message = stackalloc byte[StartGate.Start.Length];
        var length = 0;
        while (length < message.Length)
        {
            var count = control.Read(message[length..]);
            if (count == 0)
            {
                return false;
            }

            length += count;
        }

        return message.SequenceEqual(StartGate.Start);
    }

    private static GuestSpec Parse(string[] args)
    {
        string? export = null;
        CodeKind? kind = null;
        var baseline = false;
        var permissions = new GuestPermissions();
        var bounds = GuestBounds.None;
        for (var i = 2; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--export" when i + 1 < args.Length:
                    export = args[++i];
                    break;
                case "--kind" when i + 1 < args.Length:
                    kind = args[++i] switch
                    {
                        "module" => CodeKind.Module,
                        "component" => CodeKind.Component,
                        var other => throw new GuestException($"run --gate: --kind is module or component, not {other}"),
                    };
                    break;
                case "--baseline":
                    baseline = true;
                    break;
                case "--grant" or "--bound" when i + 1 < args.Length && args[i + 1].IndexOf('=', StringComparison.Ordinal) is > 0 and var equals:
                    var (name, value) = (args[i + 1][..equals], args[i + 1][(equals + 1)..]);
                    (permissions, bounds) = args[i] == "--grant" ? (permissions.With(name, value), bounds) : (permissions, bounds.With(name, value));
                    i++;
                    break;
                case "--" when kind is { } known:
                    return permissions.ApplyTo(Spec(args[(i + 1)..], export, known, baseline) with { Limits = GuestLimits.None with { Bounds = bounds.Or(GuestBounds.Default) } });
                default:
                    throw new GuestException($"run --gate: unexpected {args[i]}");
            }
        }

        throw new GuestException("run --gate: --kind and -- are needed");
    }

    private static string PathOf(int descriptor) => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}");

    // The container is the wall: what its mounts let this process see and write, the guest may.
    private static GuestSpec Spec(string[] arguments, string? export, CodeKind kind, bool baseline) => new()
    {
        Arguments = arguments,
        Environment = Environment(),
        Directories = [new GuestDirectory("/", "/", ReadOnly: false)],
        Export = export,
        Code = new CompiledCode(PathOf(StartGate.CodeDescriptor), kind, []) { IsBaseline = baseline },
        Network = GuestNetwork.All,
    };

    private static List<KeyValuePair<string, string>> Environment()
    {
        var variables = new List<KeyValuePair<string, string>>();
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            variables.Add(new((string)variable.Key, (string?)variable.Value ?? ""));
        }

        return variables;
    }
}
