using System.CommandLine;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner;

namespace Skiff.Cli.Commands;

/// <summary><c>skiff run</c>: a guest on this machine, by the way that a container takes.</summary>
internal static class RunCommand
{
    private const string Name = "run";

    private static readonly Argument<string> File = new("FILE") { Description = "Module or component (.wasm or text), optionally with #EXPORT" };
    private static readonly Argument<string[]> Arguments = new("ARGS") { Description = "Arguments of the guest", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Option<string[]> Directory = new("--dir")
    {
        Description = "Directory the guest may see, HOST[::GUEST][:ro]; none by default",
        HelpName = "DIR",
    };

    private static readonly Option<string[]> Variable = new("--env") { Description = "Environment variable, K=V, or K to pass the own value on", HelpName = "K[=V]" };
    private static readonly Option<string[]> Net = new("--net")
    {
        Description = "Destination the guest may reach, HOST[:PORT[-PORT]], a network, a name or *; none by default",
        HelpName = "DEST",
    };

    private static readonly Option<string[]> Listen = new("--listen")
    {
        Description = "Own address the guest may listen at, written likewise; none by default",
        HelpName = "ADDR",
    };

    private static readonly Option<string?> Cpu = new("--cpu") { Description = "Processors' worth of CPU time, e.g. 0.5", HelpName = "N" };
    private static readonly Option<string?> Invoke = new("--invoke") { Description = "Call this export with ARGS and print what it returns", HelpName = "EXPORT" };
    private static readonly Option<string?> Memory = new("--memory") { Description = "Largest linear memory, e.g. 64m", HelpName = "SIZE" };
    private static readonly Option<string[]> Limit = LimitOption.Create();
    private static readonly Option<string?> Timeout = new("--timeout") { Description = "End the guest after this time with exit code 124, e.g. 5s", HelpName = "TIME" };
    private static readonly Option<bool> Optimised = CacheLocation.OptimisedOption();
    private static readonly Option<bool> NoCache = new("--no-cache") { Description = "Compile afresh and keep nothing" };
    private static readonly Option<string?> Cache = CacheLocation.Option();

    // Options that take the word after them, for finding FILE before the parser runs.
    private static readonly Option[] WithValue = [Directory, Variable, Net, Listen, Cpu, Invoke, Memory, Limit, Timeout, Cache];

    public static Command Create()
    {
        var command = new Command(Name, "Run a module or component")
        {
            File, Arguments, Directory, Variable, Net, Listen, Cpu, Invoke, Memory, Limit, Timeout, Optimised, Cache, NoCache,
        };
        command.SetAction(Run);
        return command;
    }

    /// <summary>Puts <c>--</c> behind FILE: what follows belongs to the guest, whatever it looks like.</summary>
    public static string[] SeparateGuestArguments(string[] args)
    {
        if (args is not [Name, ..])
        {
            return args;
        }

        for (var i = 1; i < args.Length; i++)
        {
            if (args[i] == "--")
            {
                return args;
            }

            if (!args[i].StartsWith('-'))
            {
                return [.. args[..i], "--", .. args[i..]];
            }

            if (WithValue.Any(option => option.Name == args[i]))
            {
                i++;
            }
        }

        return args;
    }

    private static int Run(ParseResult parsed)
    {
        var signals = Outcome.EndOnSignals();
        try
        {
            var (spec, content) = Spec(parsed);
            return Outcome.OnGuestStack(spec.Limits.StackBytes, () => Run(parsed, spec, content));
        }
        catch (Exception fault) when (fault is GuestException or IOException or UnauthorizedAccessException)
        {
            Outcome.Complain(fault.Message);
            return GuestExit.CannotExecute;
        }
        finally
        {
            GC.KeepAlive(signals);
        }
    }

    private static int Run(ParseResult parsed, GuestSpec spec, LoadedFile content)
    {
        try
        {
            using var guest = Prepare(parsed, spec, content);
            Outcome.End(guest.Run());
            return 0;
        }
        catch (Exception fault) when (fault is GuestException or DamagedCodeException or IOException or UnauthorizedAccessException)
        {
            Outcome.Complain(fault.Message);
            return GuestExit.CannotExecute;
        }
    }

    private static IPreparedGuest Prepare(ParseResult parsed, GuestSpec spec, LoadedFile file)
    {
        var runner = Outcome.CreateRunner();
        if (parsed.GetValue(NoCache))
        {
            using var progress = new CompileProgress(file.Path, TimeProvider.System);
            using var compiled = ModuleCompiler.CompileOnly(file.Path, file.Content);
            using var memory = new MemoryCode(compiled);
            return runner.Prepare(spec with { Code = memory.Code });
        }

        var code = new GuestCode(CacheLocation.Open(parsed.GetValue(Cache)), file, parsed.GetValue(Optimised));
        return code.Load(module =>
        {
            // Ends with this process, which the optimiser outlives.
            var reaper = new Lazy<ChildReaper>(() => new ChildReaper(TimeProvider.System, subreaper: false));
            var guest = runner.Prepare(spec with { Code = module.Code });
            code.Optimise(module, request => reaper.Value.Spawn(request));
            return guest;
        });
    }

    private static (GuestSpec Spec, LoadedFile File) Spec(ParseResult parsed)
    {
        var named = parsed.GetValue(File)!;
        var words = parsed.GetValue(Arguments) ?? [];
        var export = parsed.GetValue(Invoke);
        var hash = named.IndexOf('#', StringComparison.Ordinal);
        if (export is null && hash > 0 && !System.IO.File.Exists(named))
        {
            (named, export) = (named[..hash], named[(hash + 1)..]);
        }

        return (
            new GuestSpec
            {
                Arguments = [named, .. words],
                Environment = (parsed.GetValue(Variable) ?? []).Select(ParseVariable).ToList(),
                Directories = (parsed.GetValue(Directory) ?? []).Select(ParseDirectory).ToList(),
                Network = new GuestNetwork(parsed.GetValue(Net) ?? [], parsed.GetValue(Listen) ?? []),
                Export = export,
                ExportArguments = export is null ? [] : words,
                // Known once it is compiled.
                Code = new CompiledCode("", CodeKind.Module, []),
                Limits = new GuestLimits(
                    parsed.GetValue(Memory) is { } memory ? Quantity.Bytes(memory) : null,
                    parsed.GetValue(Timeout) is { } time ? Quantity.Time(time) : null,
                    null)
                {
                    Cpu = ParseCpu(parsed.GetValue(Cpu)),
                    Bounds = LimitOption.Read(parsed, Limit),
                },
            },
            LoadedFile.Read(named, CodeCache.ModuleBytesMax));
    }

    internal static KeyValuePair<string, string> ParseVariable(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals switch
        {
            > 0 => new(text[..equals], text[(equals + 1)..]),
            0 => throw new GuestException($"--env {text}: a variable needs a name before the ="),
            _ => new(text, Environment.GetEnvironmentVariable(text)
                ?? throw new GuestException($"--env {text}: this environment has no {text}; give a value with {text}=VALUE")),
        };
    }

    internal static double? ParseCpu(string? text) => text is null ? null : new GuestPermissions().With("cpu", text).Cpu;

    internal static GuestDirectory ParseDirectory(string text)
    {
        const string ReadOnlySuffix = ":ro";
        var readOnly = text.EndsWith(ReadOnlySuffix, StringComparison.Ordinal);
        var paths = (readOnly ? text[..^ReadOnlySuffix.Length] : text).Split("::", 2);
        var host = paths[0];
        return System.IO.Directory.Exists(host)
            ? new GuestDirectory(host, paths.Length == 2 ? paths[1] : host, readOnly)
            : throw new GuestException($"--dir {text}: there is no directory {host}");
    }
}
