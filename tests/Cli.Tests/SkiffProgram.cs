using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner;
using Skiff.Runner.Tests;

namespace Skiff.Cli.Tests;

/// <summary>Starts <c>skiff</c> as a program: the one built beside these tests, or the one that SKIFF_PROGRAM names.</summary>
public sealed class SkiffProgram : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // One per process, and the test process is one.
    internal static readonly ChildReaper Reaper = new(TimeProvider.System, subreaper: false);

    private readonly TemporaryFolder _folder = new();

    public string Folder => _folder.Path;

    public string Cache => Path.Combine(_folder.Path, "cache");

    private static string Program
    {
        get
        {
            // artifacts/bin/Cli.Tests/debug/ -> artifacts/bin/skiff/debug/skiff
            var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
            return Environment.GetEnvironmentVariable("SKIFF_PROGRAM")
                ?? Path.Combine(here.Parent!.Parent!.FullName, "skiff", here.Name, "skiff");
        }
    }

    public string File(string name, string content) => _folder.File(name, content);

    public string File(string name, byte[] content)
    {
        var path = Path.Combine(_folder.Path, name);
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    public Task<ProgramResult> RunAsync(params string[] arguments) =>
        Reaper.RunAsync(Request(arguments), Patience, TestContext.Current.CancellationToken);

    public Task<ProgramResult> RunAsync(SafeHandle input, params string[] arguments) =>
        Reaper.RunAsync(Request(arguments) with { StandardInput = input }, Patience, TestContext.Current.CancellationToken);

    /// <summary>Runs another program. Not by System.Diagnostics, which would reap what is ours.</summary>
    /// <param name="program">Absolute path.</param>
    public static Task<ProgramResult> RunOtherAsync(string program, TimeSpan patience, params string[] arguments) =>
        Reaper.RunAsync(
            new SpawnRequest { Program = program, Arguments = [program, .. arguments] }, patience, TestContext.Current.CancellationToken);

    public ChildProcess Spawn(string[] arguments, SafeHandle? output = null, params SafeHandle[] inherited) =>
        Reaper.Spawn(Request(arguments) with { StandardOutput = output, Inherited = inherited });

    /// <summary>Starts it with both outputs in one file of <see cref="Folder"/>.</summary>
    public ChildProcess SpawnLogged(string log, params string[] arguments)
    {
        using var output = System.IO.File.OpenHandle(
            Path.Combine(Folder, log), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        return Reaper.Spawn(Request(arguments) with { StandardOutput = output, StandardError = output });
    }

    /// <summary>Compiles a guest and returns its compiled code, open.</summary>
    public SafeFileHandle Compile(string text) => CompileAll(text)[0];

    /// <summary>As <see cref="Compile"/>, with the code of a component's modules behind.</summary>
    public SafeFileHandle[] CompileAll(string text) => CompileAll(System.Text.Encoding.UTF8.GetBytes(text));

    public SafeFileHandle[] CompileAll(ReadOnlyMemory<byte> content)
    {
        var code = new ModuleCompiler(new CodeCache(Cache), FileLock.Acquire, long.MaxValue).Compile("test", content).Code;
        return [System.IO.File.OpenHandle(code.Path), .. code.Modules.Select(path => System.IO.File.OpenHandle(path))];
    }

    /// <summary>Path of a guest of <c>tests/Guests</c>; where it is not built, the test is skipped.</summary>
    public static string Guest(string name)
    {
        // artifacts/bin/Cli.Tests/debug/ -> artifacts/guests
        var path = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../guests", name));
        Assert.SkipUnless(System.IO.File.Exists(path), $"{name} is not built: make -C tests/Guests");
        return path;
    }

    public void Dispose() => _folder.Dispose();

    private SpawnRequest Request(string[] arguments) => new()
    {
        Program = Program,
        Arguments = ["skiff", .. arguments],
        Environment =
        [
            $"SKIFF_CACHE={Cache}",
            $"PATH={Environment.GetEnvironmentVariable("PATH")}",
            $"HOME={Environment.GetEnvironmentVariable("HOME")}",
            $"DOTNET_ROOT={Environment.GetEnvironmentVariable("DOTNET_ROOT")}",
            "PASSED_ON=yes",
        ],
    };
}
