using System.Diagnostics;
using Skiff.Harness;

namespace Skiff.Bench;

/// <summary>From Create to the answer to the first HTTP request, over a connection within the container's network namespace.</summary>
internal static class FirstAnswer
{
    private static readonly (string Name, string Runtime, string Program)[] Contenders =
    [
        ("runc shim, native HTTP hello", Ctr.Runc, Memory.NativeHttp),
        ("skiff, Wasm HTTP hello", Ctr.Skiff, Memory.WasmHttp),
        ("skiff, isolation node, Wasm HTTP hello", Ctr.SkiffNode, Memory.WasmHttp),
    ];

    public static async Task RunAsync(Containerd node, int rounds)
    {
        var samples = Contenders.Select(one => new Samples(one.Name)).ToArray();
        for (var round = -1; round < rounds; round++)
        {
            foreach (var (index, contender) in Contenders.Index().Shuffle())
            {
                var time = await OnceAsync(node, contender.Runtime, contender.Program);
                if (round >= 0)
                {
                    samples[index].Add(time);
                }
            }
        }

        Table.Print($"Create to the first HTTP answer, containerd {node.Version.Name}, ms", samples);
    }

    private static async Task<double> OnceAsync(Containerd node, string runtime, string program)
    {
        await using var task = await TestTask.PrepareAsync(node, ["--", program], runtime);
        var start = Stopwatch.GetTimestamp();
        var pid = await task.CreateTaskAsync();
        using var requests = new Requests(pid);
        await task.StartAsync();
        await requests.FirstAnswerAsync();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
