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

    /// <param name="cold">
    /// Before each Create the node's server ends and the kernel forgets what files it has read: what is measured is the start of all that
    /// a contender runs, read from the disk.
    /// </param>
    public static async Task RunAsync(Containerd node, int rounds, bool cold = false)
    {
        var samples = Contenders.Select(one => new Samples(one.Name)).ToArray();
        for (var round = -1; round < rounds; round++)
        {
            foreach (var (index, contender) in Contenders.Index().Shuffle())
            {
                var time = await OnceAsync(node, contender.Runtime, contender.Program, cold);
                if (round >= 0)
                {
                    samples[index].Add(time);
                }
            }
        }

        Table.Print($"Create to the first HTTP answer, {(cold ? "nothing cached in memory, no server yet, " : "")}containerd {node.Version.Name}, ms", samples);
    }

    private static async Task<double> OnceAsync(Containerd node, string runtime, string program, bool cold)
    {
        await using var task = await TestTask.PrepareAsync(node, ["--", program], runtime);
        if (cold)
        {
            await EndServersAsync(node);
            await DropCachesAsync();
        }

        var start = Stopwatch.GetTimestamp();
        using var requests = await Requests.StartAsync(task);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static async Task EndServersAsync(Containerd node)
    {
        foreach (var pid in Leaks.Pids(node).ToList())
        {
            try
            {
                using var process = Process.GetProcessById(pid);
                process.Kill();
                await process.WaitForExitAsync();
            }
            catch (ArgumentException)
            {
                // It has ended with the one before: a guest host goes with its server.
            }
        }
    }

    // proc(5), /proc/sys/vm/drop_caches: 3 is files and what is known of their names; what is not on the disk yet is not dropped.
    private static async Task DropCachesAsync()
    {
        using var sync = Process.Start("sync");
        await sync.WaitForExitAsync();
        await File.WriteAllTextAsync("/proc/sys/vm/drop_caches", "3");
    }
}
