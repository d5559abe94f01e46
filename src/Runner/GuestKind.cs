using Skiff.Components.Linking;
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

    private const string Run = "wasi:cli/run";
    /// <summary>What a component exports that answers HTTP requests.</summary>
    public const string IncomingHandler = "wasi:http/incoming-handler";

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

    /// <summary>
    /// Decides what a component is. One that is both a command and a handler is what the entry point names: an image's entry point
    /// or a command line that names nothing is a program's, so it is run as a command.
    /// </summary>
    /// <param name="export">
    /// The export that was asked for: a function, <c>instance#function</c>, or one of the two interfaces; null for the entry point.
    /// </param>
    /// <exception cref="GuestException">It has no such export.</exception>
    public static GuestKind Detect(LinkPlan plan, string? export)
    {
        var instances = plan.Exports.OfType<InstanceExport>().ToList();
        var command = instances.Find(instance => Is(instance, Run));
        var handler = instances.Find(instance => Is(instance, IncomingHandler));
        switch (export)
        {
            case null or Start when command is not null:
                var other = handler is null ? "" : $" (and {handler.Name}: name it as entry point, path#{IncomingHandler}, or use serve, to have it answer requests)";
                return new GuestKind(GuestForm.Command, $"a component that exports {command.Name}{other}", [command.Name, "run"]);
            case null or Start when handler is not null:
                return new GuestKind(GuestForm.HttpHandler, $"a component that exports {handler.Name}", [handler.Name, "handle"]);
            case null or Start:
                return Library(plan, instances);
        }

        var path = Find(plan, export);
        return path switch
        {
            [var name, "run"] when name == command?.Name => new GuestKind(GuestForm.Command, $"a component whose entry point names {name}", path),
            [var name, "handle"] when name == handler?.Name => new GuestKind(GuestForm.HttpHandler, $"a component whose entry point names {name}", path),
            _ => new GuestKind(GuestForm.Function, $"a component whose export {export} was asked for", path),
        };
    }

    /// <summary>Why this form cannot be run as it was asked for; null when it can.</summary>
    public string? Refusal => Form switch
    {
        GuestForm.HttpHandler => $"this is {Why}: it answers HTTP requests, so serve it: skiff serve",
        GuestForm.Library => $"this is {Why}; name the function to call: path#export, or --invoke export",
        _ => null,
    };

    // WASI 0.2 in any of its versions.
    private static bool Is(InstanceExport instance, string path) => instance.Interface is { Track: "0.2" } name && name.Path == path;

    private static GuestKind Library(LinkPlan plan, List<InstanceExport> instances)
    {
        var newer = instances.Find(instance => instance.Interface.Path is Run or IncomingHandler);
        return new GuestKind(
            GuestForm.Library,
            newer is null
                ? $"a component without {Run}; {List(Functions(plan))}"
                : $"a component that exports {newer.Name}, a version that Skiff does not run yet",
            []);
    }

    // A function of the root; INSTANCE#FUNCTION, where a compatible version serves; a function that only one instance has; or an interface with one function.
    private static string[] Find(LinkPlan plan, string export)
    {
        var paths = Paths(plan).ToList();
        var hash = export.LastIndexOf('#');
        var exact = paths.FirstOrDefault(path => string.Join('#', path) == export);
        if (exact is not null)
        {
            return exact;
        }

        var (wanted, function) = hash < 0 ? (export, null) : (export[..hash], export[(hash + 1)..]);
        var found = hash < 0
            ? paths.FirstOrDefault(path => path is [_, var name] && name == export)
                ?? Only(paths.Where(path => path is [var instance, _] && Serves(instance, wanted)).ToList())
            : paths.FirstOrDefault(path => path is [var instance, var name] && name == function && Serves(instance, wanted));
        return found ?? throw new GuestException($"the component exports no function {export}; {List(Functions(plan))}");
    }

    private static string[]? Only(List<string[]> paths) => paths.Count == 1 ? paths[0] : null;

    // Without a version any is meant.
    private static bool Serves(string instance, string wanted)
    {
        var (have, want) = (InterfaceName.Parse(instance), InterfaceName.Parse(wanted));
        return have.Serves(want) || (want.Version is null && have.Path == want.Path);
    }

    private static IEnumerable<string[]> Paths(LinkPlan plan) => plan.Exports.SelectMany(export => export switch
    {
        FunctionExport => [[export.Name]],
        InstanceExport instance => instance.Items.OfType<FunctionExport>().Select(function => (string[])[instance.Name, function.Name]),
        _ => (IEnumerable<string[]>)[],
    });

    private static IEnumerable<string> Functions(LinkPlan plan) => Paths(plan).Select(path => string.Join('#', path));

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
