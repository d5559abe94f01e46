using System.Text;
using Skiff.Harness.Cri;

namespace Skiff.Harness;

/// <summary>What a kubelet would ask of a pod.</summary>
internal sealed record PodRequest
{
    /// <summary>Runtime handler of the pod, as a RuntimeClass names it.</summary>
    public string Handler { get; init; } = "skiff";

    /// <summary>Shares the node's network; else it gets a namespace of its own through CNI.</summary>
    public bool HostNetwork { get; init; } = true;

    public bool SharePids { get; init; }

    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
}

/// <summary>A pod made over the CRI. Disposed: stopped and removed with all its containers.</summary>
internal sealed class Pod : IAsyncDisposable
{
    private readonly PodSandboxConfig _config;
    private bool _removed;

    private Pod(Containerd node, PodSandboxConfig config, string id)
    {
        Node = node;
        _config = config;
        Id = id;
    }

    public Containerd Node { get; }

    public string Id { get; }

    public string LogFolder => _config.LogDirectory;

    private RuntimeService.RuntimeServiceClient Runtime => Node.Client.Runtime;

    public static async Task<Pod> RunAsync(Containerd node, PodRequest? request = null)
    {
        request ??= new PodRequest();
        var name = Names.Next("p");
        var config = new PodSandboxConfig
        {
            Metadata = new PodSandboxMetadata { Name = name, Uid = $"{node.Namespace}-{name}", Namespace = "default" },
            Hostname = request.HostNetwork ? "" : name,
            LogDirectory = Path.Combine(node.Folder, "logs", name),
            Linux = new LinuxPodSandboxConfig
            {
                CgroupParent = $"/{node.Namespace}/{name}",
                SecurityContext = new LinuxSandboxSecurityContext
                {
                    NamespaceOptions = new NamespaceOption
                    {
                        Network = request.HostNetwork ? NamespaceMode.Node : NamespaceMode.Pod,
                        Pid = request.SharePids ? NamespaceMode.Pod : NamespaceMode.Container,
                    },
                },
            },
        };
        config.Annotations.Add(new Dictionary<string, string>(request.Annotations));
        Directory.CreateDirectory(config.LogDirectory);
        var answer = await node.Client.Runtime.RunPodSandboxAsync(
            new RunPodSandboxRequest { Config = config, RuntimeHandler = request.Handler }, deadline: Deadline());
        return new Pod(node, config, answer.PodSandboxId);
    }

    public async Task<PodContainer> CreateAsync(string[] command, Action<ContainerConfig>? change = null, string image = Images.Guests)
    {
        var name = Names.Next("n");
        var config = new ContainerConfig
        {
            Metadata = new ContainerMetadata { Name = name },
            Image = new ImageSpec { Image = image },
            LogPath = $"{name}.log",
            Linux = new LinuxContainerConfig
            {
                Resources = new LinuxContainerResources(),
                SecurityContext = new LinuxContainerSecurityContext
                {
                    NamespaceOptions = _config.Linux.SecurityContext.NamespaceOptions.Clone(),
                },
            },
        };
        config.Command.Add(command);
        change?.Invoke(config);
        var answer = await Runtime.CreateContainerAsync(
            new CreateContainerRequest { PodSandboxId = Id, Config = config, SandboxConfig = _config }, deadline: Deadline());
        return new PodContainer(this, answer.ContainerId, Path.Combine(LogFolder, config.LogPath));
    }

    public async Task<PodContainer> StartAsync(string[] command, Action<ContainerConfig>? change = null, string image = Images.Guests)
    {
        var container = await CreateAsync(command, change, image);
        await container.StartAsync();
        return container;
    }

    public async Task<PodSandboxStatus> StatusAsync() =>
        (await Runtime.PodSandboxStatusAsync(new PodSandboxStatusRequest { PodSandboxId = Id }, deadline: Deadline())).Status;

    public async Task StopAsync() => await Runtime.StopPodSandboxAsync(new PodSandboxRequest { PodSandboxId = Id }, deadline: Deadline());

    public async Task RemoveAsync()
    {
        await Runtime.RemovePodSandboxAsync(new PodSandboxRequest { PodSandboxId = Id }, deadline: Deadline());
        _removed = true;
        await RemoveControlGroupAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_removed)
        {
            await StopAsync();
            await RemoveAsync();
        }
    }

    internal static DateTime Deadline() => TimeProvider.System.GetUtcNow().UtcDateTime + TimeSpan.FromSeconds(60);

    /// <summary>The pod's own group is the kubelet's to make and remove; only the containers' groups below are the runtime's.</summary>
    private async Task RemoveControlGroupAsync()
    {
        foreach (var hierarchy in Directory.EnumerateDirectories("/sys/fs/cgroup"))
        {
            var group = hierarchy + _config.Linux.CgroupParent;
            if (!Directory.Exists(group))
            {
                continue;
            }

            // When a server was killed, containerd does not wait for the shim's `delete` before it removes the pod.
            var left = await Eventually.SettlesAsync(
                () => Directory.GetDirectories(group).Length, count => count == 0, TimeSpan.FromSeconds(5));
            if (left == 0)
            {
                Directory.Delete(group);
            }
        }
    }
}

/// <summary>A container of a <see cref="Pod"/>.</summary>
internal sealed class PodContainer(Pod pod, string id, string logPath)
{
    public string Id { get; } = id;

    private RuntimeService.RuntimeServiceClient Runtime => pod.Node.Client.Runtime;

    public async Task StartAsync() => await Runtime.StartContainerAsync(new ContainerRequest { ContainerId = Id }, deadline: Pod.Deadline());

    public async Task StopAsync(TimeSpan grace) => await Runtime.StopContainerAsync(
        new StopContainerRequest { ContainerId = Id, Timeout = (long)grace.TotalSeconds }, deadline: Pod.Deadline());

    public async Task RemoveAsync() => await Runtime.RemoveContainerAsync(new ContainerRequest { ContainerId = Id }, deadline: Pod.Deadline());

    public async Task<ContainerStatus> StatusAsync() =>
        (await Runtime.ContainerStatusAsync(new ContainerStatusRequest { ContainerId = Id }, deadline: Pod.Deadline())).Status;

    public async Task<ContainerStatus> EndAsync()
    {
        await Eventually.BecomesTrueAsync(
            async () => (await StatusAsync()).State == ContainerState.ContainerExited, $"container {Id} ends; log:\n{Log()}", TimeSpan.FromSeconds(20));
        return await StatusAsync();
    }

    public async Task<ExecSyncResponse> ExecAsync(params string[] command)
    {
        var request = new ExecSyncRequest { ContainerId = Id, Timeout = 20 };
        request.Cmd.Add(command);
        return await Runtime.ExecSyncAsync(request, deadline: Pod.Deadline());
    }

    public async Task<ContainerStats> StatsAsync() =>
        (await Runtime.ContainerStatsAsync(new ContainerRequest { ContainerId = Id }, deadline: Pod.Deadline())).Stats;

    public async Task UpdateAsync(LinuxContainerResources resources) => await Runtime.UpdateContainerResourcesAsync(
        new UpdateContainerResourcesRequest { ContainerId = Id, Linux = resources }, deadline: Pod.Deadline());

    /// <summary>The log file as the kubelet would serve it: each line with time, stream and tag.</summary>
    public string Log()
    {
        if (!File.Exists(logPath))
        {
            return "";
        }

        using var stream = new FileStream(logPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    public Task LogsAsync(string text) => Eventually.BecomesTrueAsync(
        () => Log().Contains(text, StringComparison.Ordinal), $"the log of {Id} holds {text}; so far:\n{Log()}", TimeSpan.FromSeconds(20));
}
