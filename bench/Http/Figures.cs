using System.Globalization;

namespace Skiff.Bench.Http;

/// <summary>The figures, each against the peer in the same run: the two take turns, and the best of the turns counts for both.</summary>
internal static class Figures
{
    private const int Turns = 3;
    private const int Seconds = 4;
    private const int Connections = 32;

    public static async Task<int> RunAsync(string[] wanted)
    {
        var guests = Environment.GetEnvironmentVariable("SKIFF_GUESTS") ?? "artifacts/guests";
        var small = Path.GetFullPath(Path.Combine(guests, "http.wasm"));
        var script = Path.GetFullPath(Path.Combine(guests, "js-http.wasm"));
        bool Wants(string name) => wanted.Length == 0 || wanted.Contains(name);
        Say("figure", "plain Kestrel", "guest", "ratio");
        if (Wants("small"))
        {
            await RequestsAsync("13 B body, requests/s", "/", small);
            await RequestsAsync("13 B body, instance reused, requests/s", "/", small, "1000000");
        }

        if (Wants("large"))
        {
            await RequestsAsync("64 KiB body, requests/s", "/big/64", small);
        }

        if (Wants("megabytes"))
        {
            await MegabytesAsync(small);
        }

        if (Wants("inflight"))
        {
            await InFlightAsync(small);
        }

        if (Wants("js"))
        {
            await ScriptAsync(script);
        }

        return 0;
    }

    private static async Task RequestsAsync(string name, string path, string guest, params string[] options)
    {
        using var plain = await ServerProcess.StartAsync(port => ["plain", Text(port)]);
        using var ours = await ServerProcess.StartAsync(port => ["guest", guest, Text(port), .. options]);
        var (peer, own) = (Nothing, Nothing);
        for (var turn = 0; turn < Turns; turn++)
        {
            peer = Better(peer, await Load.WrkAsync(plain, path, Connections, Seconds));
            own = Better(own, await Load.WrkAsync(ours, path, Connections, Seconds));
        }

        Say(name, Text(peer.PerSecond), Text(own.PerSecond), Text(own.PerSecond / peer.PerSecond));
        Say("  processor us a request", Text(peer.ProcessorMicroseconds), Text(own.ProcessorMicroseconds), $"+{Text(own.ProcessorMicroseconds - peer.ProcessorMicroseconds)}");
        Complain(peer, own);
    }

    private static async Task MegabytesAsync(string guest)
    {
        const int Megabytes = 100;
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, new byte[Megabytes * 1024 * 1024]);
            using var plain = await ServerProcess.StartAsync(port => ["plain", Text(port)]);
            using var ours = await ServerProcess.StartAsync(port => ["guest", guest, Text(port)]);
            double peerDown = 0, ownDown = 0, peerUp = 0, ownUp = 0;
            for (var turn = 0; turn < 2 * Turns; turn++)
            {
                peerDown = Math.Max(peerDown, await Load.DownloadAsync(plain, Megabytes));
                ownDown = Math.Max(ownDown, await Load.DownloadAsync(ours, Megabytes));
                peerUp = Math.Max(peerUp, await Load.UploadAsync(plain, file));
                ownUp = Math.Max(ownUp, await Load.UploadAsync(ours, file));
            }

            Say("download 100 MB, MB/s", Text(peerDown), Text(ownDown), Text(ownDown / peerDown));
            Say("upload 100 MB, MB/s", Text(peerUp), Text(ownUp), Text(ownUp / peerUp));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task InFlightAsync(string guest)
    {
        const int InFlight = 10_000;
        using var ours = await ServerProcess.StartAsync(port => ["guest", guest, Text(port), "1", Text(InFlight)]);
        var load = await Load.WrkAsync(ours, "/sleep/1000", InFlight, 10, threads: 2);
        Say($"{InFlight} in flight, asleep 1 s: requests/s", "-", Text(load.PerSecond), "");
        Say("  memory, MB", "-", Text(ours.ResidentBytes / 1e6), "");
        Complain(load);
    }

    private static async Task ScriptAsync(string guest)
    {
        using var ours = await ServerProcess.StartAsync(port => ["guest", guest, Text(port)]);
        await Load.WrkAsync(ours, "/", 1, 2);
        var load = await Load.WrkAsync(ours, "/", 1, 2 * Seconds);
        Say("JavaScript hello, 1 connection: requests/s", "-", Text(load.PerSecond), "");
        Say("  processor us a request", "-", Text(load.ProcessorMicroseconds), "");
        Complain(load);
    }

    private static LoadResult Nothing => new(0, double.MaxValue, 0, null);

    private static LoadResult Better(LoadResult one, LoadResult other) => new(
        Math.Max(one.PerSecond, other.PerSecond),
        Math.Min(one.ProcessorMicroseconds, other.ProcessorMicroseconds),
        one.Requests + other.Requests,
        one.Faults ?? other.Faults);

    private static void Complain(params LoadResult[] loads)
    {
        foreach (var load in loads.Where(load => load.Faults is not null))
        {
            Console.WriteLine($"  FAILED: {load.Faults}");
        }
    }

    private static void Say(params string[] columns) => Console.WriteLine($"{columns[0],-45} {columns[1],15} {columns[2],12} {columns[3],8}");

    private static string Text(double number) => number.ToString(number >= 100 ? "0" : "0.00", CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
