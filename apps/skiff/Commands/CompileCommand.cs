using System.CommandLine;
using System.Globalization;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner;

namespace Skiff.Cli.Commands;

/// <summary>
/// <c>skiff compile</c>: fills the cache, for people beforehand, and for the shim (<c>--stdin</c>) with what an image holds.
/// </summary>
internal static class CompileCommand
{
    // What a hostile module may use up: a JavaScript component takes 460 MB and 35 s on two slow cores.
    private const long DataBytesMax = 2L << 30;
    private const long CpuSecondsMax = 600;

    private const int Success = 0;
    private const int Failure = 1;

    private static readonly Argument<string[]> Files = new("FILE") { Description = "Modules or components", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Option<bool> Stdin = new("--stdin") { Description = "Compile what comes on stdin, with limits; for the shim" };
    private static readonly Option<bool> Soon = new("--soon") { Description = "With --stdin: answer as soon as there is any code, and optimise later; for the shim" };
    private static readonly Option<bool> Claimed = new("--claimed") { Hidden = true };
    private static readonly Option<string?> BytesMax = new("--max-bytes") { Description = "Largest module (default 256m)", HelpName = "SIZE" };
    private static readonly Option<string?> CacheMax = CacheLocation.MaxOption();
    private static readonly Option<string?> Cache = CacheLocation.Option();

    public static Command Create()
    {
        var command = new Command("compile", "Compile modules or components into the cache") { Files, Stdin, Soon, Claimed, BytesMax, CacheMax, Cache };
        command.SetAction(parsed =>
        {
            try
            {
                return parsed.GetValue(Claimed) ? Optimise(parsed) : parsed.GetValue(Stdin) ? CompileStdin(parsed) : CompileFiles(parsed);
            }
            catch (Exception fault) when (fault is GuestException or IOException or UnauthorizedAccessException)
            {
                Outcome.Complain(fault.Message);
                return Failure;
            }
        });
        return command;
    }

    private static int CompileStdin(ParseResult parsed)
    {
        LimitSelf();
        using var input = Console.OpenStandardInput();
        var content = LoadedFile.Read("the module", input, ModuleBytesMax(parsed));
        var cache = CacheLocation.Open(parsed.GetValue(Cache));
        var module = Compile(CacheLocation.Compiler(cache, parsed.GetValue(CacheMax)), "the module", content, parsed.GetValue(Soon));
        Optimiser.Start(cache, parsed.GetValue(CacheMax), module, content, static request => DetachedProgram.Start(request));
        Console.Out.Write(Answer(module.Digest, module.Code.Kind));
        return Success;
    }

    /// <summary>For a container, which keeps the code that it starts with.</summary>
    public static CachedModule Compile(ModuleCompiler compiler, string name, ReadOnlyMemory<byte> content, bool soon) =>
        soon ? compiler.CompileSoon(name, content, handlers: false) : compiler.Compile(name, content);

    // What Optimiser starts.
    private static int Optimise(ParseResult parsed)
    {
        ThisProcess.GiveWay();
        LimitSelf();
        using var input = Console.OpenStandardInput();
        var cache = CacheLocation.Open(parsed.GetValue(Cache));
        var module = CacheLocation.Compiler(cache, parsed.GetValue(CacheMax)).Compile("the module", LoadedFile.Read("the module", input, CodeCache.ModuleBytesMax));
        cache.RemoveClaim(module.Digest);
        return Success;
    }

    private static int CompileFiles(ParseResult parsed)
    {
        var files = parsed.GetValue(Files) ?? [];
        if (files.Length == 0)
        {
            throw new GuestException("compile: name at least one file, or use --stdin");
        }

        var compiler = Compiler(parsed);
        foreach (var path in files)
        {
            var started = TimeProvider.System.GetTimestamp();
            CachedModule module;
            using (new CompileProgress(path, TimeProvider.System))
            {
                module = compiler.Compile(path, LoadedFile.Read(path, ModuleBytesMax(parsed)).Content);
            }

            var how = module.WasCached
                ? "was compiled already"
                : string.Create(CultureInfo.InvariantCulture, $"compiled in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:F2} s");
            Console.Out.Write($"{path}: {Word(module.Code.Kind)}, {how}\n  {module.Code.Path}\n");
        }

        return Success;
    }

    private static ModuleCompiler Compiler(ParseResult parsed) =>
        CacheLocation.Compiler(CacheLocation.Open(parsed.GetValue(Cache)), parsed.GetValue(CacheMax));

    private static long ModuleBytesMax(ParseResult parsed) =>
        parsed.GetValue(BytesMax) is { } size ? Quantity.Bytes(size) : CodeCache.ModuleBytesMax;

    /// <summary>Before another's bytes are compiled: whatever they make the compiler do ends with this process.</summary>
    public static void LimitSelf() =>
        new ResourceLimits { DataBytes = DataBytesMax, CpuSeconds = CpuSecondsMax, CoreBytes = 0 }.SetSelf();

    /// <summary>The one line that the shim reads.</summary>
    public static string Answer(string digest, CodeKind kind) => $"{digest} {Word(kind)}\n";

    /// <summary>The word for a kind on the command line of <c>run --gate</c>.</summary>
    public static string Word(CodeKind kind) => kind == CodeKind.Module ? "module" : "component";
}
