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
