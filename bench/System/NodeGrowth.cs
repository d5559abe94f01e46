using System.Diagnostics;
using System.Globalization;
using Skiff.Harness;

namespace Skiff.Bench;

/// <summary>
/// What one more idle HTTP guest costs on a node in isolation node, from one to a thousand: memory of everything that Skiff runs, shim,
/// guest host and holders together, and the time from Create to Start's answer.
/// </summary>
internal static class NodeGrowth
{
    private const int AtATime = 4;
    private static readonly int[] Steps = [1, 10, 100, 500, 1000];

    public static async Task RunAsync(Containerd node)
    {
        Console.WriteLine($"\n### Idle HTTP guests in isolation node, containerd {node.Version.Name}\n");
        Console.WriteLine("| guests | shim, MiB | guest host | holders | together, KiB a guest | Create and Start, ms (median of the step) | containerd, MiB |\n|---|---|---|---|---|---|---|");
        var running = new List<TestTask>();
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
                    await task.CreateTaskAsync();
                    await task.StartAsync();
                    lock (times)
                    {
                        times.Add(clock.Elapsed.TotalMilliseconds);
                    }
                });
                await Task.Delay(TimeSpan.FromSeconds(3));
                Print(node, running.Count, times.Order().ElementAt(times.Count / 2));
            }
        }
        finally
        {
            await Parallel.ForEachAsync(running, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (task, _) => await task.DisposeAsync());
        }
    }

    private static void Print(Containerd node, int guests, double time)
    {
        var (shims, hosts, holders) = (0.0, 0.0, 0.0);
        foreach (var pid in Leaks.Pids(node))
        {
            var command = File.ReadAllText($"/proc/{pid}/cmdline");
            if (command.StartsWith("skiff\0host", StringComparison.Ordinal))
            {
                hosts += Memory.Pss(pid);
            }
            else if (command.StartsWith("skiff-guest", StringComparison.Ordinal))
            {
                holders += Memory.Pss(pid);
            }
            else if (command.Contains("shim", StringComparison.Ordinal))
            {
                shims += Memory.Pss(pid);
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {guests} | {shims / 1024:0.0} | {hosts / 1024:0.0} | {holders / 1024:0.0} | {(shims + hosts + holders) / guests:0} | {time:0.0} | {Memory.Pss(node.Pid) / 1024:0} |"));
    }
}
