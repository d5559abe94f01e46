using System.Diagnostics;
using Skiff.Harness;

namespace Skiff.Bench;

/// <summary>Wall time of whole processes: <c>ctr run</c>, the shim's <c>start</c> and <c>delete</c>, <c>skiff run</c>.</summary>
internal static class WholeProcess
{
    public static async Task CtrRunAsync(Containerd node, int rounds)
    {
        Contender[] contenders = [Contender.Peer, Contender.Crun, Contender.Node];
        await MeasureAsync(
            $"ctr run --rm hello, containerd {node.Version.Name}, ms",
            rounds,
            [.. contenders.Select(one => (one.Name, node.Version.Ctr, (Func<string[]>)(() => CtrRun(node, one, Names.Next("r")))))]);
    }

    public static string[] CtrRun(Containerd node, Contender contender, string id) =>
    [
        "--address", node.Socket, "--namespace", node.Namespace, "run", "--rm", "--runtime", contender.Runtime,
        .. contender.Runtime == Ctr.Runc ? new[] { "--runc-binary", contender.Binary } : [],
        contender.Image, id, contender.Program,
    ];

    /// <summary>A bundle that names a group whose server runs: <c>start</c> finds it and prints its address, as it does in a pod.</summary>
    public static async Task OwnTimeAsync(Containerd node, int rounds)
    {
        await using var task = await TestTask.StartAsync(node, ["--", "/toolbox.wasm", "sleep", "600000"]);
        var floor = Path.Combine(Repository.Guests, "return-0");
        string[] Flags(string id) => ["-namespace", node.Namespace, "-address", node.Socket, "-publish-binary", node.Version.Containerd, "-id", id];
        await MeasureAsync(
            "own time of the shim's invocations, ms",
            rounds,
            [
                ("C program that returns 0", floor, () => []),
                ("start, server found", Repository.Shim, () => [.. Flags(task.Id), "start"]),
                ("delete, nothing left", Repository.Shim, () => [.. Flags("gone"), "-bundle", Path.Combine(node.Folder, "gone"), "delete"]),
                ("-v", Repository.Shim, () => ["-v"]),
            ],
            task.Bundle,
            node);
    }

    public static Task SkiffRunAsync(int rounds) => MeasureAsync(
        "skiff run hello.wasm, cached, whole process, ms",
        rounds,
        [
            ("static native hello", Path.Combine(Repository.Guests, "native-hello"), () => []),
            ("skiff run hello.wasm", Repository.Skiff, () => ["run", Path.Combine(Repository.Guests, "hello.wasm")]),
            ("skiff run toolbox.wasm (C, 40 kB)", Repository.Skiff, () => ["run", Path.Combine(Repository.Guests, "toolbox.wasm"), "args", "hello"]),
        ]);

    private static async Task MeasureAsync(
        string title,
        int rounds,
        IReadOnlyList<(string Name, string File, Func<string[]> Arguments)> commands,
        string? directory = null,
        Containerd? node = null)
    {
        var samples = commands.Select(command => new Samples(command.Name)).ToArray();
        for (var round = -2; round < rounds; round++)
        {
            foreach (var (index, command) in commands.Index().Shuffle())
            {
                var time = await TimeAsync(command.File, command.Arguments(), directory, node);
                if (round >= 0)
                {
                    samples[index].Add(time);
                }
            }
        }

        Table.Print(title, samples);
    }

    /// <summary>Milliseconds until the end of its output.</summary>
    public static async Task<double> TimeAsync(string file, string[] arguments, string? directory, Containerd? node)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "/",
        };
        start.Environment["TTRPC_ADDRESS"] = node is null ? null : node.Socket + ".ttrpc";
        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        // The end of the output is the end of the process as its caller sees it, without the delay of SIGCHLD handling.
        var output = await process.StandardOutput.ReadToEndAsync();
        var elapsed = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? elapsed
            : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)}: exit {process.ExitCode}\n{output}{error}");
    }
}
