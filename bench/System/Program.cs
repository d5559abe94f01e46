// System benchmarks: everything is a ratio against a peer measured in the same run, in turn, on the same containerd.
// usage: Skiff.Bench.System [cycle|answer|cold|ctr|trace|large|throughput|own|memory|node|neighbours|run]... [--rounds N]; without names: all of them.
using Skiff.Bench;
using Skiff.Harness;

var names = args.TakeWhile(word => word != "--rounds").ToHashSet();
var roundsAt = Array.IndexOf(args, "--rounds");
var rounds = roundsAt < 0 ? 40 : int.Parse(args[roundsAt + 1], System.Globalization.CultureInfo.InvariantCulture);
bool Wanted(string name) => names.Count == 0 || names.Contains(name);

Console.WriteLine($"{Environment.ProcessorCount} processors, {File.ReadAllText("/proc/loadavg").Split(' ')[0]} load at the start, kernel {Environment.OSVersion.Version}");
foreach (var version in ContainerdVersion.All.Where(version => version.IsInstalled && version.Name is "1.6" or "2.1"))
{
    await using var node = await Containerd.StartAsync(version);
    if (Wanted("cycle"))
    {
        await TaskCycle.RunAsync(node, rounds);
    }

    if (Wanted("answer"))
    {
        await FirstAnswer.RunAsync(node, rounds);
    }

    if (Wanted("cold"))
    {
        await FirstAnswer.RunAsync(node, rounds / 4, cold: true);
    }

    if (Wanted("ctr"))
    {
        await WholeProcess.CtrRunAsync(node, rounds / 2);
    }

    if (Wanted("trace"))
    {
        await CtrTrace.RunAsync(node, rounds / 2);
    }

    if (version.IsTwo)
    {
        continue;
    }

    if (Wanted("large"))
    {
        await LargeModule.RunAsync(node, rounds);
    }

    if (Wanted("throughput"))
    {
        await Throughput.RunAsync(node, containers: 200, rounds: 3);
    }

    if (Wanted("own"))
    {
        await WholeProcess.OwnTimeAsync(node, rounds * 2);
    }

    if (Wanted("memory"))
    {
        Console.WriteLine("\n### Proportional set size of one idle container, MiB\n\n| | running | shim | guest process | together |\n|---|---|---|---|---|");
        await Memory.RunAsync(node, containers: 20);
    }

    if (Wanted("node"))
    {
        await NodeGrowth.RunAsync(node);
    }

    if (Wanted("neighbours"))
    {
        await Neighbours.RunAsync(node);
    }
}

if (Wanted("run"))
{
    await WholeProcess.SkiffRunAsync(rounds * 2);
}

return 0;
