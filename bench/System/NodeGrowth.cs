using System.Diagnostics;
using System.Globalization;
using Skiff.Harness;

namespace Skiff.Bench;

/// <summary>
/// What one more idle HTTP guest costs on a node in isolation node, from one to a thousand: memory of everything that Skiff runs, shim,
/// guest host and holders together, the time from Create to Start's answer, and the time of a request to a random one of them.
/// </summary>
internal static class NodeGrowth
{
    private const int AtATime = 4;
    private const int RequestsAStep = 2000;

    /// <summary>Until the code on the way of a request is the one that stays.</summary>
    private const int WarmUp = 500;
    private static readonly int[] Steps = [1, 10, 100, 500, 1000];

    public static async Task RunAsync(Containerd node)
    {
        Console.WriteLine($"\n### Idle HTTP guests in isolation node, containerd {node.Version.Name}\n");
        Console.WriteLine("| guests | shim, MiB | guest host | holders | together, KiB a guest | Create and Start, ms (median of the step) | request to a random one, ms (median, p99) | containerd, MiB |\n|---|---|---|---|---|---|---|---|");
        var running = new List<TestTask>();
        var asked = new List<Requests>();
        try
        {
            foreach (var step in Steps)
            {
                var times = new List<double>();
                await Parallel.ForAsync(running.Count, step, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (_, _) =>
                {
                    var task = await TestTask.PrepareAsync(node, ["--", "/http.wasm"], Ctr.SkiffNode);
                    lock (running)
                    {
                        running.Add(task);
                    }

                    var clock = Stopwatch.StartNew();
                    var pid = await task.CreateTaskAsync();
                    await task.StartAsync();
                    lock (times)
                    {
                        times.Add(clock.Elapsed.TotalMilliseconds);
                        asked.Add(new Requests(pid));
                    }
                });
                await Task.Delay(TimeSpan.FromSeconds(3));
                var row = Memories(node, running.Count);
                var requests = await AskAsync(asked);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {row} | {times.Order().ElementAt(times.Count / 2):0.0} | {requests.Median:0.00}, {requests.At(0.99):0.00} | {ProcessMemory.Pss(node.Pid) / 1024:0} |"));
            }
        }
        finally
        {
            asked.ForEach(one => one.Dispose());
            await Parallel.ForEachAsync(running, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (task, _) => await task.DisposeAsync());
        }
    }

    // Each over a connection of its own: what a guest keeps of one that stays would be counted at the next step.
    private static async Task<Samples> AskAsync(List<Requests> guests)
    {
        var times = new Samples("requests");
        for (var round = -WarmUp; round < RequestsAStep; round++)
        {
            var time = await guests[Random.Shared.Next(guests.Count)].TimeAsync();
            if (round >= 0)
            {
                times.Add(time);
            }
        }

        return times;
    }

    private static string Memories(Containerd node, int guests)
    {
        var (shims, hosts, holders) = (0.0, 0.0, 0.0);
        foreach (var pid in Leaks.Pids(node))
        {
            var command = File.ReadAllText($"/proc/{pid}/cmdline");
            if (command.StartsWith("skiff\0host", StringComparison.Ordinal))
            {
                hosts += ProcessMemory.Pss(pid);
            }
            else if (command.StartsWith("skiff-guest", StringComparison.Ordinal))
            {
                holders += ProcessMemory.Pss(pid);
            }
            else if (command.Contains("shim", StringComparison.Ordinal))
            {
                shims += ProcessMemory.Pss(pid);
            }
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{guests} | {shims / 1024:0.0} | {hosts / 1024:0.0} | {holders / 1024:0.0} | {(shims + hosts + holders) / guests:0}");
    }
}
