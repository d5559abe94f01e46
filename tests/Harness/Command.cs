using System.Diagnostics;
using System.Text;

namespace Skiff.Harness;

internal sealed record CommandResult(string CommandLine, int ExitCode, string Output, string Error)
{
    public override string ToString() => $"{CommandLine}\nexit {ExitCode}\n--- stdout\n{Output}\n--- stderr\n{Error}";

    /// <summary>The output of a command that had to succeed.</summary>
    public string Succeeded() => ExitCode == 0 ? Output : throw new InvalidOperationException(ToString());
}

internal static class Command
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Runs a program to its end; one that is not finished at the deadline is killed and fails the test with what it said.</summary>
    public static async Task<CommandResult> RunAsync(
        string file,
        IEnumerable<string> arguments,
        string? input = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? directory = null,
        TimeSpan? deadline = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            WorkingDirectory = directory ?? "/",
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[key] = value;
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"cannot start {file}");
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await FeedAsync(process, input);
        using var timeout = new CancellationTokenSource(deadline ?? Deadline);
        var line = $"{file} {string.Join(' ', start.ArgumentList)}";
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            // A server that the program left behind may hold the pipes: the end of the program is not always the end of the stream.
            await Task.WhenAll(output, error).WaitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            var state = process.HasExited ? $"ended with {process.ExitCode}, but something holds its output open" : "is still running";
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            var said = await Task.WhenAny(Task.WhenAll(output, error), Task.Delay(TimeSpan.FromSeconds(2)));
            var text = said is Task<string[]> all ? string.Join("\n", await all) : "(output still open)";
            throw new TimeoutException($"{line} {state} after {deadline ?? Deadline}\n{text}");
        }

        return new CommandResult(line, process.ExitCode, await output, await error);
    }

    private static async Task FeedAsync(Process process, string? input)
    {
        try
        {
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input);
            }

            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading its input: its exit code is what the test looks at.
        }
    }
}
