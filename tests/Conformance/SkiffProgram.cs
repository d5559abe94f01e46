using System.Diagnostics;
using Skiff.Harness;

namespace Skiff.Conformance;

/// <summary>
/// Starts <c>skiff</c> as a program: the one built beside these tests, or the one that SKIFF_PROGRAM names. All tests share one cache,
/// so that a guest is compiled once and not once a test.
/// </summary>
internal static class SkiffProgram
{
    // artifacts/bin/Conformance/debug/
    private static readonly DirectoryInfo Here = new(AppContext.BaseDirectory.TrimEnd('/'));

    private static string Program { get; } = Environment.GetEnvironmentVariable("SKIFF_PROGRAM")
        ?? Path.Combine(Here.Parent!.Parent!.FullName, "skiff", Here.Name, "skiff");

    public static string Folder { get; } = Path.GetDirectoryName(Program)!;

    public static string Cache { get; } = Path.Combine(Here.Parent!.Parent!.Parent!.FullName, "conformance-cache");

    public static Task<CommandResult> RunAsync(params string[] arguments) => RunWithInputAsync(null, arguments);

    public static Task<CommandResult> RunWithInputAsync(string? input, params string[] arguments) =>
        Command.RunAsync(Program, arguments, input, new Dictionary<string, string?> { ["SKIFF_CACHE"] = Cache });

    /// <summary>Into the cache, with the patience that 12 MB of JavaScript engine take on a busy machine.</summary>
    public static Task<CommandResult> CompileAsync(string guest) => Command.RunAsync(
        Program, ["compile", guest], null, new Dictionary<string, string?> { ["SKIFF_CACHE"] = Cache }, deadline: TimeSpan.FromMinutes(5));

    /// <summary>The output as it came, of a run that succeeds and reads no input.</summary>
    public static async Task<byte[]> RunBytesAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardInput = true };
        start.Environment["SKIFF_CACHE"] = Cache;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output, TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return output.ToArray();
    }
}
