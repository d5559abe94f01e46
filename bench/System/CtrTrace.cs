using Skiff.Harness;

namespace Skiff.Bench;

/// <summary>What one <c>ctr run --rm</c> is made of: its own begin and end, and between them the times of containerd's events about it.</summary>
internal static class CtrTrace
{
    /// <summary>In the order in which they come; the time of a part ends with its event.</summary>
    private static readonly (string Topic, string What)[] Parts =
    [
        ("/snapshot/prepare", "ctr starts, connects, finds the image; the snapshot is made"),
        ("/containers/create", "ctr makes the spec; the container's record is written"),
        ("/tasks/create", "FIFOs, shim's `start`, mount, Create: until it is told"),
        ("/tasks/start", "Start"),
        ("/tasks/exit", "the program runs and ends"),
        ("/tasks/delete", "ctr drains the FIFOs; Delete in the shim"),
        ("/snapshot/remove", "shim's `delete`, bundle and mount go; the snapshot is removed"),
        ("/containers/delete", "the record is removed"),
    ];

    private const string Last = "ctr ends";
    private const string Whole = "whole";

    public static async Task RunAsync(Containerd node, int rounds)
    {
        await using var events = await EventLog.StartAsync(node);
        Contender[] contenders = [Contender.Peer, Contender.Crun, Contender.Node];
        string[] rows = [.. Parts.Select(part => part.What), Last, Whole];
        var samples = contenders.ToDictionary(one => one, _ => rows.Select(row => new Samples(row)).ToArray());
        for (var round = -1; round < rounds; round++)
        {
            foreach (var contender in contenders.Shuffle())
            {
                double[]? times;
                do
                {
                    times = await OnceAsync(node, events, contender);
                }
                while (times is null);

                if (round >= 0)
                {
                    foreach (var (row, time) in samples[contender].Zip(times))
                    {
                        row.Add(time);
                    }
                }
            }
        }

        Console.WriteLine($"\n### What one ctr run --rm is made of, containerd {node.Version.Name}, median ms of {rounds}\n");
        Console.WriteLine($"| | {string.Join(" | ", contenders.Select(one => one.Name))} |\n|---|{string.Concat(contenders.Select(_ => "---|"))}");
        foreach (var (index, row) in rows.Index())
        {
            var medians = contenders.Select(one => FormattableString.Invariant($"{samples[one][index].Median:0.0}"));
            Console.WriteLine($"| {row} | {string.Join(" | ", medians)} |");
        }
    }

    /// <summary>
    /// Milliseconds of each part, of the end, and of the whole. Null when the peer has not told all: the runc shim of containerd 2.1
    /// sometimes ends before its last event, the delete, is sent (6 of 70 runs on a loaded machine). Ours must not.
    /// </summary>
    private static async Task<double[]?> OnceAsync(Containerd node, EventLog events, Contender contender)
    {
        var id = Names.Next("r");
        var began = TimeProvider.System.GetUtcNow();
        var whole = await WholeProcess.TimeAsync(node.Version.Ctr, WholeProcess.CtrRun(node, contender, id), directory: null, node);
        await events.HoldsAsync(id, "/containers/delete");
        if (contender == Contender.Peer && !await HoldsSoonAsync(events, id, "/tasks/delete"))
        {
            return null;
        }

        var times = new List<double>();
        var before = began;
        foreach (var (topic, _) in Parts)
        {
            await events.HoldsAsync(id, topic);
            var at = events.Of(id).First(entry => entry.Topic == topic).At;
            times.Add((at - before).TotalMilliseconds);
            before = at;
        }

        return [.. times, whole - (before - began).TotalMilliseconds, whole];
    }

    private static Task<bool> HoldsSoonAsync(EventLog events, string id, string topic) =>
        Eventually.SettlesAsync(() => events.Topics(id).Contains(topic), holds => holds, TimeSpan.FromSeconds(1));
}
