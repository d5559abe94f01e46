using System.Diagnostics;
using Skiff.Harness;

namespace Skiff.Bench;

/// <summary>Many containers, a few at a time: whole task cycles per second.</summary>
internal static class Throughput
{
    private const int AtATime = 4;

    public static async Task RunAsync(Containerd node, int containers, int rounds)
    {
        Contender[] contenders = [Contender.Peer, Contender.Crun, Contender.Runc, Contender.Node];
        var rates = contenders.ToDictionary(one => one, one => new Samples(one.Name));
        for (var round = 0; round < rounds; round++)
        {
            foreach (var contender in contenders.Shuffle())
            {
                rates[contender].Add(await RateAsync(node, contender, containers));
            }
        }

        Table.Print($"{containers} containers, {AtATime} at a time, containerd {node.Version.Name}, containers per second", [.. rates.Values]);
    }

    private static async Task<double> RateAsync(Containerd node, Contender contender, int containers)
    {
        var ids = new string[containers];
        await Parallel.ForAsync(0, containers, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (index, _) =>
            ids[index] = await TaskCycle.PrepareAsync(node, contender));
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (id, _) =>
            await TaskCycle.CycleAsync(node, contender, id));
        var rate = containers / clock.Elapsed.TotalSeconds;
        await node.Ctr.RunAsync(["container", "delete", .. ids]);
        return rate;
    }
}
