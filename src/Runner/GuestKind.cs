using Skiff.Engine;
using Skiff.Guest;

namespace Skiff.Runner;

/// <summary>The ways in which a guest is run.</summary>
public enum GuestForm
{
    /// <summary>A program with an entry point: <c>_start</c>, or <c>wasi:cli/run</c>.</summary>
    Command,

    /// <summary>One export is called and its results are printed.</summary>
    Function,

    /// <summary>Answers HTTP requests (<c>wasi:http/incoming-handler</c>).</summary>
    HttpHandler,

    /// <summary>Exports functions, and nobody said which to call.</summary>
    Library,
}

/// <summary>What a guest is and which of its exports is entered.</summary>
/// <param name="Why">What showed it, for people.</param>
/// <param name="Entry">Names of the exported instances down to the function, the function last. Empty when there is nothing to call.</param>
public sealed record GuestKind(GuestForm Form, string Why, IReadOnlyList<string> Entry)
{
    /// <summary>Entry point of a core module (WASI application ABI, "command").</summary>
    public const string Start = "_start";

    /// <summary>Called before any other export of a core module (WASI application ABI, "reactor").</summary>
    public const string Initialize = "_initialize";

    private const string Run = "wasi:cli/run@";
    private const string RunVersion = "wasi:cli/run@0.2.";
    private const string IncomingHandler = "wasi:http/incoming-handler@";

    // More names than anybody reads make an error text useless.
    private const int NamesMax = 12;

    /// <summary>Decides what a core module is.</summary>
    /// <param name="export">The export that was asked for; null for the entry point.</param>
    /// <exception cref="GuestException">It has no such export.</exception>
    public static GuestKind Detect(CompiledModule module, string? export)
    {
        var functions = module.Exports.Where(candidate => candidate.Kind == ExternKind.Function).ToList();
        if (export is null or Start && functions.Any(function => function.Name == Start))
        {
            return new GuestKind(GuestForm.Command, $"a core module that exports {Start}", [Start]);
        }

        var names = List(functions.Select(function => function.Name));
        if (export is null)
        {
            return new GuestKind(GuestForm.Library, $"a core module without {Start}; {names}", []);
        }

        return functions.Any(function => function.Name == export)
            ? new GuestKind(GuestForm.Function, $"a core module whose export {export} was asked for", [export])
            : throw new GuestException($"the module exports no function {export}; {names}");
    }

    /// <summary>Decides what a component is.</summary>
    /// <param name="export">The export that was asked for: a function, or <c>instance#function</c>; null for the entry point.</param>
    /// <exception cref="GuestException">It has no such export.</exception>
    public static GuestKind Detect(CompiledComponent component, string? export)
    {
        if (export is not (null or Start))
        {
            return new GuestKind(GuestForm.Function, $"a component whose export {export} was asked for", Find(component, export));
        }

        foreach (var item in component.Exports)
        {
            if (item.Name.StartsWith(RunVersion, StringComparison.Ordinal))
            {
                return new GuestKind(GuestForm.Command, $"a component that exports {item.Name}", [item.Name, "run"]);
            }

            if (item.Name.StartsWith(IncomingHandler, StringComparison.Ordinal))
            {
                return new GuestKind(GuestForm.HttpHandler, $"a component that exports {item.Name}", []);
            }
        }

        var newer = component.Exports.FirstOrDefault(item => item.Name.StartsWith(Run, StringComparison.Ordinal));
        return new GuestKind(
            GuestForm.Library,
            newer is null
                ? $"a component without wasi:cli/run; {List(Functions(component))}"
                : $"a component that exports {newer.Name}, a version that Skiff does not run yet",
            []);
    }

    /// <summary>Why this form cannot be run as it was asked for; null when it can.</summary>
    public string? Refusal => Form switch
    {
        GuestForm.HttpHandler => $"this is {Why}: it answers HTTP requests, which Skiff does not serve yet; it runs commands (_start, wasi:cli/run) and single exports (path#export)",
        GuestForm.Library => $"this is {Why}; name the function to call: path#export, or --invoke export",
        _ => null,
    };

    private static string[] Find(CompiledComponent component, string export)
    {
        var hash = export.IndexOf('#', StringComparison.Ordinal);
        var (instance, function) = hash < 0 ? (null, export) : (export[..hash], export[(hash + 1)..]);
        foreach (var item in component.Exports)
        {
            if (instance is null && item.Name == function && item.Kind == ExternKind.Function)
            {
                return Callable(item, [function]);
            }

            if (instance is null || item.Name == instance)
            {
                var inner = item.Items.FirstOrDefault(candidate => candidate.Name == function && candidate.Kind == ExternKind.Function);
                if (inner is not null)
                {
                    return Callable(inner, [item.Name, function]);
                }
            }
        }

        throw new GuestException($"the component exports no function {export}; {List(Functions(component))}");
    }

    private static string[] Callable(ComponentItem function, string[] path) => function.ParameterCount == 0
        ? path
        : throw new GuestException($"{string.Join('#', path)} takes arguments ({function.Type}); of a component, Skiff calls only functions without");

    private static IEnumerable<string> Functions(CompiledComponent component) => component.Exports.SelectMany(item =>
        item.Kind == ExternKind.Function
            ? [item.Name]
            : item.Items.Where(inner => inner.Kind == ExternKind.Function).Select(inner => $"{item.Name}#{inner.Name}"));

    private static string List(IEnumerable<string> names)
    {
        var all = names.ToList();
        return all.Count switch
        {
            0 => "it exports no function at all",
            <= NamesMax => $"it exports {string.Join(", ", all)}",
            _ => $"it exports {string.Join(", ", all.Take(NamesMax))} and {all.Count - NamesMax} more",
        };
    }
}
