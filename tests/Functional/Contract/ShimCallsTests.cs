using Skiff.Harness;

namespace Skiff.Functional.Contract;

/// <summary>How often containerd executes the shim for a pod: what docs/containerd.md says of it in sections 1 and 3, and a cost of every container.</summary>
public sealed class ShimCallsTests(Nodes nodes) : NodeTest(nodes), IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skfcalls").FullName;

    private string Calls => Path.Combine(_folder, "calls");

    [Theory, OnContainerd]
    public async Task A_pod_costs_a_start_and_a_delete_for_each_container(string version) =>
        Assert.Equal(["delete 3", "start 3"], await CallsOfPodAsync(version, "task_api = 2"));

    [Theory, OnContainerd("2.1")]
    public async Task A_pod_of_task_API_3_costs_one_start_and_one_delete(string version) =>
        Assert.Equal(["delete 1", "start 1"], await CallsOfPodAsync(version, "task_api = 3"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Of a pod with its pause container and two more, from its begin to its removal; each verb with its count.</summary>
    private async Task<string[]> CallsOfPodAsync(string version, string options)
    {
        await using var node = await Containerd.StartAsync(ContainerdVersion.Named(version), options, shim: CountingShim());
        var pod = await Pod.RunAsync(node);
        await using (pod)
        {
            var first = await pod.StartAsync(["/toolbox.wasm", "sleep", "3600"]);
            var second = await pod.StartAsync(["/bin/native-sleep"]);
            await first.LogsAsync("sleeping");
            await second.LogsAsync("sleeping");
        }

        await Leaks.RequireNoneAsync(node);

        // containerd 2 also asks each runtime of its configuration once what it can do (`-info`).
        var verbs = await File.ReadAllLinesAsync(Calls);
        return [.. verbs.Where(verb => verb != "-info").CountBy(verb => verb).Select(one => $"{one.Key} {one.Value}").Order(StringComparer.Ordinal)];
    }

    /// <summary>A program that writes down the verb, its last word, and becomes the shim. The server is not counted: the shim executes itself.</summary>
    private string CountingShim()
    {
        var path = Path.Combine(_folder, "containerd-shim-skiff-v1");
        File.WriteAllText(path, $"""
            #!/bin/sh
            for verb; do :; done
            echo "$verb" >>'{Calls}'
            exec '{Repository.Shim}' "$@"

            """);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
