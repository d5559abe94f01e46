using Skiff.Harness.Cri;
using Skiff.Harness.Wire;

namespace Skiff.Harness;

/// <summary>What containers of a node have left behind on the machine: everything here must be empty when they are deleted.</summary>
internal static class Leaks
{
    private const string SocketFolder = "/run/containerd/s";
    private const string NetworkFolder = "/run/netns";
    private const string ShimLock = "skiff.lock";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>Fails with a list of what is left, after a while: containerd and the servers clean up in the background.</summary>
    public static async Task RequireNoneAsync(Containerd node, TimeSpan? patience = null)
    {
        var left = await Eventually.SettlesAsync(() => Find(node), found => found.Count == 0, patience ?? Patience);
        if (left.Count > 0)
        {
            throw new InvalidOperationException($"left behind on containerd {node.Version.Name}:\n  {string.Join("\n  ", left)}");
        }
    }

    public static List<string> Find(Containerd node) =>
        [.. Processes(node), .. Mounts(node), .. ControlGroups(node), .. Bundles(node), .. Sockets(node)];

    /// <summary>Processes whose command line or environment names the node's folder, or that live in a control group of its namespace.</summary>
    public static IEnumerable<string> Processes(Containerd node)
    {
        foreach (var pid in Pids(node))
        {
            var command = Text($"/proc/{pid}/cmdline").Replace('\0', ' ');
            if (!Lingers(command))
            {
                yield return $"process {pid}: {command}";
            }
        }
    }

    // The node's server and its guest hosts stay a while when their last guest has gone, and are there for the next test.
    private static bool Lingers(string command) =>
        command.StartsWith("skiff host", StringComparison.Ordinal)
        || (command.Contains("containerd-shim-skiffnode-v1", StringComparison.Ordinal) && command.Contains(" serve", StringComparison.Ordinal));

    public static IEnumerable<string> Mounts(Containerd node) =>
        File.ReadAllLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4])
            .Where(path => path.StartsWith(node.Folder + "/", StringComparison.Ordinal) && path != node.Cache)
            .Select(path => $"mount {path}");

    public static IEnumerable<string> ControlGroups(Containerd node)
    {
        foreach (var hierarchy in Directory.EnumerateDirectories("/sys/fs/cgroup"))
        {
            var parent = Path.Combine(hierarchy, node.Namespace);
            if (Directory.Exists(parent))
            {
                foreach (var group in Directory.EnumerateDirectories(parent))
                {
                    yield return $"control group {group}";
                }
            }
        }
    }

    public static IEnumerable<string> Bundles(Containerd node)
    {
        foreach (var plugin in new[] { "io.containerd.runtime.v2.task", "io.containerd.sandbox.controller.v1.shim" })
        {
            var root = Path.Combine(node.Folder, "state", plugin);
            if (!Directory.Exists(root))
            {
                continue;
            }

            // containerd renames a bundle to a hidden name before it removes it; one that it left by dying in between is its own.
            foreach (var bundle in Directory.EnumerateDirectories(root).SelectMany(Directory.EnumerateDirectories)
                .Where(path => Path.GetFileName(path)[0] != '.'))
            {
                yield return $"bundle {bundle}";
            }
        }
    }

    /// <summary>
    /// Dead socket files that were not there when the node started. A living one belongs to a process, and shows there. The lock
    /// of all shims of the machine stays for good: to delete it would let two of them hold it.
    /// </summary>
    public static IEnumerable<string> Sockets(Containerd node)
    {
        if (!Directory.Exists(SocketFolder))
        {
            return [];
        }

        var listening = UnixSockets.All().Select(socket => socket.Path).ToHashSet();
        return Directory.EnumerateFiles(SocketFolder)
            .Where(path => !node.SocketsBefore.Contains(path) && !listening.Contains(path) && Path.GetFileName(path) != ShimLock)
            .Select(path => $"socket {path}");
    }

    public static HashSet<string> NetworksNow() =>
        Directory.Exists(NetworkFolder) ? [.. Directory.EnumerateFiles(NetworkFolder, "cni-*").Select(path => Path.GetFileName(path))] : [];

    public static HashSet<string> SocketsNow() =>
        Directory.Exists(SocketFolder) ? [.. Directory.EnumerateFiles(SocketFolder)] : [];

    public static IEnumerable<int> Pids(Containerd node)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var pid) || pid == Environment.ProcessId || node.IsItself(pid)
                || !Signals.IsAlive(pid))
            {
                continue;
            }

            if (Text($"{folder}/cmdline").Contains(node.Folder, StringComparison.Ordinal)
                || Text($"{folder}/environ").Contains(node.Folder, StringComparison.Ordinal)
                || Text($"{folder}/cgroup").Contains($"/{node.Namespace}/", StringComparison.Ordinal))
            {
                yield return pid;
            }
        }
    }

    /// <summary>Removes every pod, task and container through containerd, so that the next test starts on an empty node.</summary>
    public static async Task ClearAsync(Containerd node)
    {
        try
        {
            foreach (var pod in (await node.Client.Runtime.ListPodSandboxAsync(new ListPodSandboxRequest(), deadline: Pod.Deadline())).Items)
            {
                await node.Client.Runtime.StopPodSandboxAsync(new PodSandboxRequest { PodSandboxId = pod.Id }, deadline: Pod.Deadline());
                await node.Client.Runtime.RemovePodSandboxAsync(new PodSandboxRequest { PodSandboxId = pod.Id }, deadline: Pod.Deadline());
            }

            foreach (var task in (await node.Client.Tasks.ListAsync(new ListTasksRequest(), node.Client.Headers, Pod.Deadline())).Tasks)
            {
                await node.Ctr.TryAsync("task", "kill", "-s", "KILL", task.Id);
                await node.Ctr.TryAsync("task", "delete", "-f", task.Id);
            }

            foreach (var id in (await node.Ctr.TryAsync("container", "list", "-q")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                await node.Ctr.TryAsync("container", "delete", id);
            }
        }
        catch (Grpc.Core.RpcException)
        {
            // A node that no longer answers is cleared by RemoveTracesAsync, which needs no containerd.
        }
    }

    /// <summary>The end of a node whose containerd has stopped: kills, unmounts and deletes whatever is still there.</summary>
    public static async Task RemoveTracesAsync(Containerd node)
    {
        // Asked now: of a process that dies the kernel closes them last, and until then nobody can tell them from those of others.
        var sockets = Pids(node).SelectMany(UnixSockets.OpenIn).Where(path => path.StartsWith(SocketFolder + "/", StringComparison.Ordinal)).ToList();
        foreach (var pid in Pids(node).ToList())
        {
            Signals.Send(pid, Signals.Kill);
        }

        await Eventually.SettlesAsync(() => Pids(node).Any(), any => !any, Patience);
        foreach (var mount in File.ReadAllLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4])
            .Where(path => path.StartsWith(node.Folder + "/", StringComparison.Ordinal)).Reverse().ToList())
        {
            await Command.RunAsync("umount", ["-l", mount]);
        }

        foreach (var socket in Sockets(node).Select(socket => socket["socket ".Length..]).Concat(sockets).ToList())
        {
            File.Delete(socket);
        }

        // Their addresses are given again to the pods of the next test.
        foreach (var network in NetworksNow().Except(node.NetworksBefore))
        {
            await Command.RunAsync("ip", ["netns", "delete", network]);
        }

        foreach (var hierarchy in Directory.EnumerateDirectories("/sys/fs/cgroup"))
        {
            var parent = Path.Combine(hierarchy, node.Namespace);
            if (Directory.Exists(parent))
            {
                await Command.RunAsync("find", [parent, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
            }
        }

        await Command.RunAsync("rm", ["-rf", "--one-file-system", node.Folder]);
    }

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
