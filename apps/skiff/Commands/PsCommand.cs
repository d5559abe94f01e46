using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Skiff.Guest;

namespace Skiff.Cli.Commands;

/// <summary><c>skiff ps</c> and <c>skiff top</c>: the guests of this node, whatever containerd, Docker or Kubernetes made them for.</summary>
internal static class PsCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        var (folder, json) = Options();
        var command = new Command("ps", "List the guests of this node") { folder, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var servers = await ListAsync(parsed.GetValue(folder)!);
            Console.Out.Write(parsed.GetValue(json) ? Json(servers) : Table(servers, before: null, TimeProvider.System.GetUtcNow()));
            return 0;
        });
        return command;
    }

    public static Command CreateTop()
    {
        var (folder, json) = Options();
        var rounds = new Option<int?>("--rounds") { Description = "Stop after so many lists (default: never)", HelpName = "N" };
        var command = new Command("top", "Show every 2 s what the guests of this node use, the busiest first") { folder, json, rounds };
        command.SetAction(async (parsed, cancellation) =>
        {
            IReadOnlyList<ServerStatus>? before = null;
            for (var left = parsed.GetValue(rounds) ?? int.MaxValue; left > 0 && !cancellation.IsCancellationRequested; left--)
            {
                var servers = await ListAsync(parsed.GetValue(folder)!);
                if (parsed.GetValue(json))
                {
                    Console.Out.Write(Json(servers));
                }
                else
                {
                    Console.Out.Write((Console.IsOutputRedirected ? "" : "\u001b[H\u001b[2J") + Table(servers, before, TimeProvider.System.GetUtcNow()));
                }

                before = servers;
                if (left > 1)
                {
                    await Task.Delay(Interval, cancellation);
                }
            }

            return 0;
        });
        return command;
    }

    public static Option<string> SocketsOption() => new("--sockets")
    {
        Description = "Folder of the shims' sockets",
        HelpName = "DIR",
        DefaultValueFactory = _ => NodeStatus.SocketFolder,
    };

    /// <summary>What the shims tell; one that does not answer is named on stderr.</summary>
    public static Task<IReadOnlyList<ServerStatus>> ListAsync(string folder) =>
        NodeShims.ListAsync(folder, (path, reason) => Outcome.Complain($"{path} does not answer: {reason}"));

    /// <param name="before">The list of an interval ago, for shares of processors; null: none, and totals are shown.</param>
    internal static string Table(IReadOnlyList<ServerStatus> servers, IReadOnlyList<ServerStatus>? before, DateTimeOffset now)
    {
        var earlier = before?.SelectMany(Rows).ToDictionary(row => (row.Server.Pid, row.Guest.Id), row => row.Guest.Usage?.CpuNanoseconds ?? 0);
        var rows = servers.SelectMany(Rows).Select(row => (
            row.Server,
            row.Guest,
            Cpu: (row.Guest.Usage?.CpuNanoseconds ?? 0) - (earlier?.GetValueOrDefault((row.Server.Pid, row.Guest.Id)) ?? 0)));
        List<string[]> lines = [["NAMESPACE", "CONTAINER", "POD", "ISOLATION", "STATE", "PID", before is null ? "CPU" : "CPU%", "MEMORY", "REQUESTS", "AGE"]];
        lines.AddRange((before is null ? rows : rows.OrderByDescending(row => row.Cpu)).Select(row => new[]
        {
            row.Server.Namespace,
            Short(row.Guest.Id),
            Short(row.Guest.Pod),
            row.Server.Isolation,
            row.Guest.State,
            row.Guest.Pid.ToString(CultureInfo.InvariantCulture),
            before is null ? Seconds(row.Cpu) : string.Create(CultureInfo.InvariantCulture, $"{row.Cpu / Interval.TotalNanoseconds * 100:0.0}"),
            row.Guest.Usage is { } usage ? Size(usage.MemoryBytes) : "-",
            row.Guest.Usage is { Requests: > 0 } served ? served.Requests.ToString(CultureInfo.InvariantCulture) : "-",
            Age(now - row.Guest.CreatedAt),
        }));
        var widths = Enumerable.Range(0, lines[0].Length).Select(column => lines.Max(line => line[column].Length)).ToArray();
        return string.Concat(lines.Select(line => string.Join("  ", line.Select((word, column) => word.PadRight(widths[column]))).TrimEnd() + "\n"));
    }

    private static (Option<string> Folder, Option<bool> Json) Options() => (
        SocketsOption(),
        new Option<bool>("--json") { Description = "All that the shims tell, as JSON" });

    private static IEnumerable<(ServerStatus Server, GuestStatus Guest)> Rows(ServerStatus server) => server.Guests.Select(guest => (server, guest));

    private static string Json(IReadOnlyList<ServerStatus> servers) =>
        JsonSerializer.Serialize(servers, NodeStatusJson.Default.IReadOnlyListServerStatus) + "\n";

    private static string Short(string id) => id.Length <= 20 ? id : id[..12];

    private static string Seconds(long nanoseconds) => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e9:0.00}s");

    private static string Size(long bytes) => bytes switch
    {
        < 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes}B"),
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0}K"),
        < 1024L * 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0 / 1024:0.0}M"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0 / 1024 / 1024:0.0}G"),
    };

    private static string Age(TimeSpan age) => age switch
    {
        { TotalMinutes: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalSeconds:0}s"),
        { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalMinutes:0}m"),
        { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalHours:0}h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{age.TotalDays:0}d"),
    };
}
