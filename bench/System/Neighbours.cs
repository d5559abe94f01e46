using System.Globalization;
using Skiff.Harness;

namespace Skiff.Bench;

/// <summary>
/// What a guest in an endless loop does to its neighbour in the same process: requests to an HTTP guest while the loop is paused and while it
/// runs, in turn, and the same to a native program in a container of its own.
/// </summary>
internal static class Neighbours
{
    private const int Rounds = 12;
    private const int RequestsARound = 250;

    public static async Task RunAsync(Containerd node)
    {
        await using var native = await TestTask.PrepareAsync(node, ["--", Memory.NativeHttp], Ctr.Runc);
        await using var guest = await TestTask.PrepareAsync(node, ["--", Memory.WasmHttp], Ctr.SkiffNode);
        await using var loop = await TestTask.StartAsync(node, ["/toolbox.wasm", "loop"], "looping", Ctr.SkiffNode);
        using var toNative = await Requests.StartAsync(native);
        using var toGuest = await Requests.StartAsync(guest);
        (string Name, Requests To, bool Beside)[] phases =
        [
            ("native HTTP hello under runc, alone", toNative, false),
            ("native HTTP hello under runc, a guest loops", toNative, true),
            ("skiff, isolation node, alone", toGuest, false),
            ("skiff, isolation node, its neighbour loops", toGuest, true),
        ];
        var samples = phases.Select(phase => new Samples(phase.Name)).ToArray();
        await loop.PauseAsync();
        for (var round = -1; round < Rounds; round++)
        {
            foreach (var (index, (_, to, beside)) in phases.Index().Shuffle())
            {
                if (beside)
                {
                    await loop.ResumeAsync();
                }

                for (var i = 0; i < RequestsARound; i++)
                {
                    var time = await to.TimeAsync();
                    if (round >= 0)
                    {
                        samples[index].Add(time);
                    }
                }

                if (beside)
                {
                    await loop.PauseAsync();
                }
            }
        }

        await loop.ResumeAsync();
        Console.WriteLine($"\n### A guest in an endless loop beside another, containerd {node.Version.Name}: a request, ms\n\n| | median | p99 | to that alone: median, p99 |\n|---|---|---|---|");
        foreach (var (index, sample) in samples.Index())
        {
            var alone = samples[index - (index % 2)];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {sample.Name} | {sample.Median:0.00} | {sample.At(0.99):0.00} | {sample.Median / alone.Median:0.00}, {sample.At(0.99) / alone.At(0.99):0.00} |"));
        }
    }
}
