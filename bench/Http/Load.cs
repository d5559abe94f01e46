using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Skiff.Bench.Http;

/// <summary>What a load found.</summary>
/// <param name="PerSecond">Requests per second.</param>
/// <param name="ProcessorMicroseconds">The server's processor time for each request.</param>
/// <param name="Faults">Requests that failed, in wrk's words; null for none.</param>
internal sealed record LoadResult(double PerSecond, double ProcessorMicroseconds, long Requests, string? Faults);

/// <summary>The load generators: wrk for requests, curl for megabytes.</summary>
internal static partial class Load
{
    public static async Task<LoadResult> WrkAsync(ServerProcess server, string path, int connections, int seconds, int threads = 1)
    {
        var before = server.ProcessorTime;
        var text = await RunAsync("wrk", $"-t{threads}", $"-c{connections}", $"-d{seconds}s", "--timeout", "20s", server.Address + path);
        var used = server.ProcessorTime - before;
        var requests = long.Parse(RequestCount().Match(text).Groups[1].Value, CultureInfo.InvariantCulture);
        var fault = FaultLine().Match(text);
        return new LoadResult(
            double.Parse(Rate().Match(text).Groups[1].Value, CultureInfo.InvariantCulture),
            used.TotalMicroseconds / Math.Max(1, requests),
            requests,
            fault.Success ? fault.Value.Trim() : null);
    }

    /// <summary>Megabytes per second.</summary>
    public static async Task<double> DownloadAsync(ServerProcess server, int megabytes) =>
        double.Parse(
            await RunAsync("curl", "-sS", "-o", "/dev/null", "-w", "%{speed_download}", $"{server.Address}/big/{megabytes * 1024}"),
            CultureInfo.InvariantCulture) / 1e6;

    /// <summary>Megabytes per second.</summary>
    public static async Task<double> UploadAsync(ServerProcess server, string file) =>
        double.Parse(
            await RunAsync("curl", "-sS", "-o", "/dev/null", "-w", "%{speed_upload}", "-H", "Expect:", "-T", file, $"{server.Address}/upload"),
            CultureInfo.InvariantCulture) / 1e6;

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? text : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex RequestCount();

    [GeneratedRegex(@"Socket errors:.*|Non-2xx.*")]
    private static partial Regex FaultLine();
}
