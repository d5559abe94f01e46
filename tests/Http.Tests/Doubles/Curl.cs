using System.Diagnostics;
using System.Text;

namespace Skiff.Http.Tests.Doubles;

/// <summary>The real client. Its exit code tells what it thought of the answer: 18 incomplete, 52 empty, 56 reset, 92 stream reset.</summary>
internal static class Curl
{
    public static async Task<CurlResult> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("curl", ["-sS", "--max-time", "60", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.Latin1,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new CurlResult(process.ExitCode, await output, await errors);
    }
}

internal sealed record CurlResult(int Code, string Output, string Errors)
{
    public override string ToString() => $"curl ended with {Code}: {Errors}\n{Output}";
}
