using System.Text.Json.Nodes;
using Skiff.Harness;

namespace Skiff.Functional.Node;

/// <summary>The shims of this machine as <c>skiff ps</c> shows them, and the guest hosts that they have started.</summary>
internal static class NodeServers
{
    public static async Task<IReadOnlyList<JsonNode>> AllAsync() =>
        [.. JsonNode.Parse((await Command.RunAsync(Repository.Skiff, ["ps", "--json"])).Succeeded())!.AsArray().OfType<JsonNode>()];

    /// <summary>The one that has the container.</summary>
    public static async Task<JsonNode> OfAsync(string id) => Assert.Single(await AllAsync(), server => Guests(server).Contains(id));

    public static async Task<int> PidOfAsync(string id) => (await OfAsync(id))["pid"]!.GetValue<int>();

    public static IReadOnlyList<string> Guests(JsonNode server) => [.. server["guests"]!.AsArray().Select(guest => guest!["id"]!.GetValue<string>())];

    /// <summary>A guest of isolation node that does nothing, for an hour.</summary>
    public static Task<TestTask> SleeperAsync(Containerd node) =>
        TestTask.StartAsync(node, ["/toolbox.wasm", "sleep", "3600"], "sleeping", Ctr.SkiffNode);

    /// <summary>The guest hosts of a server, by their numbers.</summary>
    public static IReadOnlyList<int> HostsOf(int server) =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Select(name => int.TryParse(name, out var pid) ? pid : 0)
            .Where(pid => pid > 0 && IsHostOf(pid, server)),
    ];

    private static bool IsHostOf(int pid, int server)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return File.ReadAllText($"/proc/{pid}/cmdline").StartsWith("skiff\0host", StringComparison.Ordinal)
                && stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == $"{server}";
        }
        catch (IOException)
        {
            return false;
        }
    }
}
