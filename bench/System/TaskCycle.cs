using System.Diagnostics;
using Skiff.Harness;
using Skiff.Harness.Wire;

namespace Skiff.Bench;

/// <summary>Tasks.Create + Start + exit + Delete over containerd's gRPC; the container record and its snapshot are made before the clock runs.</summary>
internal static class TaskCycle
{
    private static readonly string[] Parts = ["Create", "Start", "exit", "Delete"];

    public static Task RunAsync(Containerd node, int rounds) => RunAsync(node, rounds, Contender.All);

    public static async Task RunAsync(Containerd node, int rounds, IReadOnlyList<Contender> contenders)
    {
        var totals = contenders.ToDictionary(one => one, one => new Samples(one.Name));
        var parts = contenders.ToDictionary(one => one, one => Parts
            .Select(part => new Samples($"{one.Name}: {part}")).ToArray());
        foreach (var contender in contenders)
        {
            // Warm: page cache, and the module into the compile cache.
            await OnceAsync(node, contender);
        }

        for (var round = 0; round < rounds; round++)
        {
            // A new order each round, so that no contender always follows the same other.
            foreach (var contender in contenders.Shuffle())
            {
                var times = await OnceAsync(node, contender);
                totals[contender].Add(times.Sum());
                foreach (var (samples, time) in parts[contender].Zip(times))
                {
                    samples.Add(time);
                }
            }
        }

        Table.Print($"Tasks.Create + Start + exit + Delete, containerd {node.Version.Name}, ms", [.. totals.Values]);
        Console.WriteLine("\n| what it is made of | median ms |\n|---|---|");
        foreach (var part in parts.Values.SelectMany(all => all))
        {
            Console.WriteLine(FormattableString.Invariant($"| {part.Name} | {part.Median:0.00} |"));
        }
    }

    /// <summary>Milliseconds of Create, Start, exit, Delete.</summary>
    private static async Task<double[]> OnceAsync(Containerd node, Contender contender)
    {
        var id = await PrepareAsync(node, contender);
        try
        {
            return await CycleAsync(node, contender, id);
        }
        finally
        {
            await node.Ctr.TryAsync("container", "delete", id);
        }
    }

    public static async Task<string> PrepareAsync(Containerd node, Contender contender)
    {
        var id = Names.Next("b");
        await node.Ctr.RunAsync("container", "create", "--runtime", contender.Runtime, contender.Image, id, contender.Program);
        return id;
    }

    public static async Task<double[]> CycleAsync(Containerd node, Contender contender, string id)
    {
        var tasks = node.Client.Tasks;
        var headers = node.Client.Headers;
        var create = new CreateTaskRequest { ContainerId = id, Options = contender.Options };
        create.Rootfs.Add((await node.Client.Snapshots.MountsAsync(new MountsRequest { Snapshotter = "overlayfs", Key = id }, headers)).Mounts);

        var clock = Stopwatch.StartNew();
        await tasks.CreateAsync(create, headers);
        var created = clock.Elapsed;
        var wait = tasks.WaitAsync(new WaitRequest { ContainerId = id }, headers);
        await tasks.StartAsync(new StartRequest { ContainerId = id }, headers);
        var started = clock.Elapsed;
        var exit = await wait;
        var exited = clock.Elapsed;
        await tasks.DeleteAsync(new DeleteTaskRequest { ContainerId = id }, headers);
        var deleted = clock.Elapsed;
        if (exit.ExitStatus != 0)
        {
            throw new InvalidOperationException($"{contender.Name} ended with {exit.ExitStatus}");
        }

        return
        [
            created.TotalMilliseconds, (started - created).TotalMilliseconds, (exited - started).TotalMilliseconds,
            (deleted - exited).TotalMilliseconds,
        ];
    }
}
