using Skiff.Cli.Commands;
using Skiff.Guest;

namespace Skiff.Cli.Tests;

/// <summary>What is made of the shims' answers: tables, metrics, the place of a container's output.</summary>
public sealed class NodeListTests : IDisposable
{
    private static readonly DateTimeOffset Created = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("skiff-logs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Metrics_tell_of_the_node_and_of_each_container()
    {
        var usage = new GuestUsage { CpuNanoseconds = 1_500_000_000, MemoryBytes = 65536, MemoryLimitBytes = 1 << 20, Requests = 7 };
        var text = NodeMetrics.Write([Server("k8s.io", "node", Guest("a", usage: usage, pod: "po\"d\\"), Guest("b", "stopped"))]);

        Assert.Contains("skiff_shim_info{namespace=\"k8s.io\",isolation=\"node\",version=\"0.1.0\",pid=\"42\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("skiff_sandboxes{namespace=\"k8s.io\",isolation=\"node\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("skiff_containers{namespace=\"k8s.io\",isolation=\"node\",state=\"stopped\"} 1\n", text, StringComparison.Ordinal);
        const string Labels = """{namespace="k8s.io",pod="po\"d\\",container="a",isolation="node"}""";
        Assert.Contains($"skiff_container_cpu_seconds_total{Labels} 1.5\n", text, StringComparison.Ordinal);
        Assert.Contains($"skiff_container_memory_limit_bytes{Labels} 1048576\n", text, StringComparison.Ordinal);
        Assert.Contains($"skiff_container_http_requests_total{Labels} 7\n", text, StringComparison.Ordinal);
        Assert.Contains($"skiff_container_created_timestamp_seconds{Labels} {Created.ToUnixTimeSeconds()}\n", text, StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_family_is_described_once_and_before_its_samples()
    {
        var lines = NodeMetrics.Write([Server("default", "container", Guest("a", usage: new GuestUsage()))]).Split('\n');
        var families = lines.Where(line => line.StartsWith("# TYPE", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToList();
        Assert.Distinct(families);
        var current = "";
        foreach (var line in lines.Where(line => line.Length > 0 && line != "# EOF"))
        {
            current = line.StartsWith("# TYPE", StringComparison.Ordinal) ? line.Split(' ')[2] : current;
            Assert.StartsWith(current, line.StartsWith('#') ? line.Split(' ')[2] : line, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("file:///var/log/x", "default", "/var/log/x")]
    [InlineData(null, "default", "!older version")]
    [InlineData("", "default", "!goes nowhere")]
    [InlineData("binary:///usr/bin/logger?a=b", "default", "!logging program: binary:///usr/bin/logger?a=b")]
    [InlineData("/run/fifo/1", "k8s.io", "!crictl logs abc")]
    [InlineData("/run/fifo/1", "moby", "!docker logs abc")]
    [InlineData("/run/fifo/1", "default", "!task attach abc")]
    public void Where_the_output_of_a_container_is_can_be_told(string? output, string @namespace, string expected)
    {
        var container = (@namespace, Guest("abc", output: output));
        if (expected[0] != '!')
        {
            Assert.Equal(expected, LogsCommand.FileOf(container, _folder));
            return;
        }

        Assert.Contains(expected[1..], Assert.Throws<GuestException>(() => LogsCommand.FileOf(container, _folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_kubelets_file_is_found_by_the_containers_id()
    {
        var file = Path.Combine(_folder, "pod_default_web-abc.log");
        File.WriteAllText(file, "");
        Assert.Equal(file, LogsCommand.FileOf(("k8s.io", Guest("abc", output: "/run/fifo/1")), _folder));
    }

    [Fact]
    public void A_container_is_found_by_the_first_characters_of_its_id_when_they_are_its_own()
    {
        IReadOnlyList<ServerStatus> servers = [Server("default", "node", Guest("abc"), Guest("abd"), Guest("ab"))];
        Assert.Equal("abc", LogsCommand.Find(servers, "abc").Guest.Id);
        Assert.Equal("ab", LogsCommand.Find(servers, "ab").Guest.Id);
        Assert.Contains("several", Assert.Throws<GuestException>(() => LogsCommand.Find(servers, "a")).Message, StringComparison.Ordinal);
        Assert.Contains("skiff ps", Assert.Throws<GuestException>(() => LogsCommand.Find(servers, "x")).Message, StringComparison.Ordinal);
    }

    private static ServerStatus Server(string @namespace, string isolation, params GuestStatus[] guests) => new(42, "0.1.0", @namespace, isolation, guests);

    private static GuestStatus Guest(string id, string state = "running", GuestUsage? usage = null, string? pod = null, string? output = "") =>
        new(id, pod ?? id, state, 7, Created, output, usage);
}
