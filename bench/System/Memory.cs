using System.Globalization;
using Skiff.Harness;

namespace Skiff.Bench;

/// <summary>Proportional set size of idle containers: shim and guest process together, pages that are shared counted once.</summary>
internal static class Memory
{
    public const string NativeHttp = "/bin/native-http";
    public const string WasmHttp = "/http.wasm";

    /// <summary>Pods enough that what all of them share weighs little.</summary>
    private const int HttpPods = 50;

    public static async Task RunAsync(Containerd node, int containers)
    {
        await MeasureAsync(node, containers, "runc shim and a native sleep", Ctr.Runc, ["--", "/bin/native-sleep"]);
        await MeasureAsync(node, containers, "skiff and a Wasm sleep", Ctr.Skiff, ["--", "/toolbox.wasm", "sleep", "600000"]);
        await MeasureAsync(node, HttpPods, "runc shim and a native HTTP hello", Ctr.Runc, ["--", NativeHttp]);
        await MeasureAsync(node, HttpPods, "skiff and a Wasm HTTP hello", Ctr.Skiff, ["--", WasmHttp]);
        await MeasureAsync(node, HttpPods, "the same, isolation pod", Ctr.Skiff, ["--runtime-config-path", IsolationPod(node), "--", WasmHttp]);
        await MeasureAsync(node, HttpPods, "the same, isolation node", Ctr.SkiffNode, ["--", WasmHttp]);
    }

    private static async Task MeasureAsync(Containerd node, int containers, string name, string runtime, string[] arguments)
    {
        var running = new List<TestTask>();
        try
        {
            for (var index = 0; index < containers; index++)
            {
                running.Add(await TestTask.StartAsync(node, arguments, runtime: runtime));
            }

            // Idle: what start-up left to the garbage collector and the kernel has settled.
            await Task.Delay(TimeSpan.FromSeconds(2));
            var inits = new HashSet<int>();
            foreach (var task in running)
            {
                inits.UnionWith((await task.PidsAsync()).Select(pid => (int)pid));
            }

            var all = Leaks.Pids(node).ToHashSet();
            var guests = all.Where(inits.Contains).Sum(ProcessMemory.Pss) / containers;
            var shims = all.Where(pid => !inits.Contains(pid)).Sum(ProcessMemory.Pss) / containers;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {containers} | {shims / 1024.0:0.00} | {guests / 1024.0:0.00} | {(shims + guests) / 1024.0:0.00} |"));
        }
        finally
        {
            foreach (var task in running)
            {
                await task.DisposeAsync();
            }
        }
    }

    private static string IsolationPod(Containerd node)
    {
        var options = Path.Combine(node.Folder, "isolation-pod.toml");
        File.WriteAllText(options, "isolation = \"pod\"\n");
        return options;
    }
}
