using System.Globalization;
using Skiff.Harness;

namespace Skiff.Functional.Pods;

/// <summary>A node lives for months: what a pod costs must come back when it is removed.</summary>
public sealed class HundredPodsTests(Nodes nodes) : NodeTest(nodes)
{
    private const int WarmUp = 5;
    private const int Count = 100;

    [Theory, OnContainerd]
    public async Task A_hundred_pods_come_and_go_and_nothing_grows(string version)
    {
        await using var node = await OwnNodeAsync(version);
        for (var i = 0; i < WarmUp; i++)
        {
            await LiveAsync(node);
        }

        await Leaks.RequireNoneAsync(node);
        var before = Measure(node);
        for (var i = 0; i < Count; i++)
        {
            await LiveAsync(node);
        }

        await Leaks.RequireNoneAsync(node);
        var after = await Eventually.SettlesAsync(() => Measure(node), now => now.Descriptors <= before.Descriptors + 10, TimeSpan.FromSeconds(10));
        Assert.InRange(after.Descriptors, 0, before.Descriptors + 10);
        Assert.InRange(after.Mounts, 0, before.Mounts);
        Assert.InRange(after.Groups, 0, before.Groups);
        Assert.InRange(after.Kilobytes, 0, before.Kilobytes + (40 * 1024));
    }

    private static async Task LiveAsync(Containerd node)
    {
        await using var pod = await Pod.RunAsync(node);
        var container = await pod.StartAsync(["/toolbox.wasm", "hello"]);
        Assert.Equal(0, (await container.EndAsync()).ExitCode);
    }

    private static (int Descriptors, int Mounts, int Groups, int Kilobytes) Measure(Containerd node)
    {
        var memory = File.ReadAllLines($"/proc/{node.Pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return (
            Directory.EnumerateFiles($"/proc/{node.Pid}/fd").Count(),
            File.ReadAllLines("/proc/self/mountinfo").Count(line => line.Contains(node.Folder, StringComparison.Ordinal)),
            Directory.EnumerateDirectories("/sys/fs/cgroup").Select(hierarchy => Path.Combine(hierarchy, node.Namespace))
                .Where(Directory.Exists).Sum(folder => Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).Count()),
            int.Parse(memory.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture));
    }
}
