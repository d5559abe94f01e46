using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Skiff.Harness;

namespace Skiff.Functional.Node;

/// <summary>What an operator sees of a node with guests: metrics, logs, the doctor's findings.</summary>
public sealed class SeeingTests(Nodes nodes) : NodeTest(nodes)
{
    [Theory, OnContainerd]
    public async Task Metrics_tell_of_every_container_whoever_has_it(string version)
    {
        var node = await NodeAsync(version);
        await using var shared = await NodeServers.SleeperAsync(node);
        await using var alone = await TestTask.StartAsync(node, ["/toolbox.wasm", "sleep", "3600"], "sleeping");

        var text = (await Command.RunAsync(Repository.Skiff, ["metrics"])).Succeeded();

        Assert.Contains($"skiff_container_memory_bytes{{namespace=\"{node.Namespace}\",pod=\"{shared.Id}\",container=\"{shared.Id}\",isolation=\"node\"}} ", text, StringComparison.Ordinal);
        Assert.Contains($"container=\"{alone.Id}\",isolation=\"{(Repository.IsNode ? "node" : "container")}\"}} ", text, StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", text, StringComparison.Ordinal);
    }

    [Theory, OnContainerd]
    public async Task Metrics_are_answered_at_an_address(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await NodeServers.SleeperAsync(node);
        var port = Random.Shared.Next(20_000, 30_000);
        using var process = System.Diagnostics.Process.Start(Repository.Skiff, ["metrics", "--listen", $"127.0.0.1:{port}"]);
        try
        {
            using var client = new HttpClient();
            var text = await Answers.FirstAsync(client, $"http://127.0.0.1:{port}/metrics");
            Assert.Contains($"container=\"{task.Id}\"", text, StringComparison.Ordinal);
        }
        finally
        {
            Signals.Send(process.Id, Signals.Terminate);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(0, process.ExitCode);
    }

    [Theory, OnContainerd]
    public async Task Who_writes_without_end_is_held_back_by_the_pods_limit_or_the_operators(string version)
    {
        var node = await NodeAsync(version);
        await using var lowered = await Pod.RunAsync(
            node, new PodRequest { Handler = "skiffnode", Annotations = new Dictionary<string, string> { ["skiff.dev/max-log-rate"] = "64Ki" } });
        await using var usual = await Pod.RunAsync(node, new PodRequest { Handler = "skiffpod" });
        foreach (var (pod, rate) in new[] { (lowered, 64 << 10), (usual, 1 << 20) })
        {
            var container = await pod.StartAsync(["/hostile.wat#flood"]);
            await Eventually.BecomesTrueAsync(async () => await FigureAsync("skiff_container_log_held_seconds_total", container.Id) > 0, "it is held back");
            var (start, before) = (Stopwatch.GetTimestamp(), await FigureAsync("skiff_container_log_bytes_total", container.Id));
            await Task.Delay(2000, TestContext.Current.CancellationToken);
            var written = await FigureAsync("skiff_container_log_bytes_total", container.Id) - before;

            // The last write may be longer than what was left of the second.
            Assert.InRange(written, rate, rate * (Stopwatch.GetElapsedTime(start).TotalSeconds + 1));
            await container.StopAsync(TimeSpan.Zero);
        }
    }

    private static async Task<double> FigureAsync(string name, string container)
    {
        var text = (await Command.RunAsync(Repository.Skiff, ["metrics"])).Succeeded();
        var line = text.Split('\n').FirstOrDefault(line => line.StartsWith(name + "{", StringComparison.Ordinal) && line.Contains($"container=\"{container}\"", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    [Theory, OnContainerd]
    public async Task The_servers_log_and_a_containers_output_can_be_read(string version)
    {
        var node = await NodeAsync(version);
        var output = Path.Combine(node.Folder, $"{Names.Next("o")}.log");
        await using var task = await TestTask.PrepareAsync(node, ["/toolbox.wasm", "sleep", "3600"], Ctr.SkiffNode);
        await task.CreateTaskAsync(stdout: $"file://{output}");
        await task.StartAsync();

        await Eventually.BecomesTrueAsync(
            async () => (await Command.RunAsync(Repository.Skiff, ["logs", task.Id])).Succeeded().Contains("sleeping", StringComparison.Ordinal), "its output is shown");
        Assert.Contains($"node-{node.Namespace}.log", (await Command.RunAsync(Repository.Skiff, ["logs", "--shim"])).Succeeded(), StringComparison.Ordinal);
        var unknown = await Command.RunAsync(Repository.Skiff, ["logs", "there-is-none"]);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("skiff ps", unknown.Error, StringComparison.Ordinal);
    }

    [Theory, OnContainerd]
    public async Task The_doctor_sees_the_containerd_that_runs(string version)
    {
        var node = await NodeAsync(version);
        var answer = await Command.RunAsync(Repository.Skiff, ["doctor", "--json"]);
        var findings = JsonNode.Parse(answer.Output)!.AsArray();

        var problem = findings.Any(finding => finding!["severity"]!.GetValue<string>() == "problem");
        Assert.Equal(problem ? 1 : 0, answer.ExitCode);
        var release = (await Command.RunAsync(node.Version.Containerd, ["--version"])).Succeeded().Split(' ').First(word => char.IsAsciiDigit(word[0]));
        Assert.Contains(findings, finding => finding!["check"]!.GetValue<string>() == "containerd" && finding["text"]!.GetValue<string>().Contains(release.Split('~', '+', '-')[0], StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding!["check"]!.GetValue<string>() == "configuration" && finding["text"]!.GetValue<string>().Contains("runtime skiffnode", StringComparison.Ordinal));
        Assert.All(findings, finding => Assert.Equal(finding!["severity"]!.GetValue<string>() == "ok", finding["fix"] is null));
    }
}
