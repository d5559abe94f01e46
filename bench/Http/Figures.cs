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

        if (Wants("scale"))
        {
            await ScaleAsync(script);
        }

        if (Wants("ready"))
        {
            await ReadyAsync("small", small);
            await ReadyAsync("JavaScript", script);
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
        var load = Load.WrkAsync(ours, "/sleep/1000", InFlight, 10, threads: 2);
        // Near the end, when all connections have been made.
        await Task.Delay(TimeSpan.FromSeconds(8));
        var proportional = ours.ProportionalBytes;
        Say($"{InFlight} in flight, asleep 1 s: requests/s", "-", Text((await load).PerSecond), "");
        Say("  memory after 8 s (proportional), MB", "-", Text(proportional / 1e6), "");
        Say("  most resident, MB", "-", Text(ours.ResidentBytesMost / 1e6), "");
        Complain(await load);
    }

    private static async Task ScriptAsync(string guest)
    {
        using var ours = await ServerProcess.StartAsync(port => ["guest", guest, Text(port)]);
        await Load.WrkAsync(ours, "/", 1, 2);
        var load = Nothing;
        for (var turn = 0; turn < Turns; turn++)
        {
            load = Better(load, await Load.WrkAsync(ours, "/", 1, Seconds));
        }

        Say("JavaScript hello, 1 connection: requests/s", "-", Text(load.PerSecond), "");
        Say("  processor us a request", "-", Text(load.ProcessorMicroseconds), "");
        Complain(load);
    }

    /// <summary>Two workers of skiff serve, one to a processor, against one process on one processor.</summary>
    private static async Task ScaleAsync(string guest)
    {
        string[] Serve(int port, string workers) => Served(guest, port, "--workers", workers);
        using var one = await ServerProcess.StartAsync("taskset", port => ["-c", "0", Skiff, .. Serve(port, "1")]);
        using var two = await ServerProcess.StartAsync(Skiff, port => Serve(port, "2"));
        var (single, both) = (Nothing, Nothing);
        for (var turn = 0; turn < Turns; turn++)
        {
            single = Better(single, await Load.WrkAsync(one, "/", 8, Seconds));
            both = Better(both, await Load.WrkAsync(two, "/", 8, Seconds));
        }

        Say("JavaScript hello, one process on one processor", "-", Text(single.PerSecond), "");
        Say("  two processes on two, requests/s", "-", Text(both.PerSecond), Text(both.PerSecond / single.PerSecond));
        Complain(single, both);
    }

    /// <summary>From the start of <c>skiff serve</c>, its code in the cache, to its first answer.</summary>
    private static async Task ReadyAsync(string name, string guest)
    {
        const int Rounds = 30;
        List<double> peer = [], own = [];
        // The first compiles.
        for (var round = -1; round < Rounds; round++)
        {
            using var ours = await ServerProcess.StartAsync(Skiff, port => Served(guest, port));
            using var plain = await ServerProcess.StartAsync(port => ["plain", Text(port)]);
            if (round >= 0)
            {
                own.Add(ours.UntilAnswer.TotalMilliseconds);
                peer.Add(plain.UntilAnswer.TotalMilliseconds);
            }
        }

        Say($"skiff serve, cached, {name}: ms to the first answer", Text(Median(peer)), Text(Median(own)), Text(Median(own) / Median(peer)));
        Say("  fastest", Text(peer.Min()), Text(own.Min()), "");
    }

    /// <summary>The program as it is published.</summary>
    private static string Skiff => Path.GetFullPath(Environment.GetEnvironmentVariable("SKIFF_PROGRAM") ?? "dist/bin/skiff");

    private static string[] Served(string guest, int port, params string[] options) =>
    [
        "serve", "--addr", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), "--access-log", "off",
        "--cache", Path.Combine(AppContext.BaseDirectory, "cache"), .. options, guest,
    ];

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

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
