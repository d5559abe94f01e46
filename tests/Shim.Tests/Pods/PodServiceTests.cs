using System.Text.Json;
using Skiff.Shim.Bootstrap;
using Skiff.Shim.Pods;
using Skiff.Shim.Protos;
using Skiff.Shim.Tests.Doubles;
using Skiff.Testing;

namespace Skiff.Shim.Tests.Pods;

public sealed class PodServiceTests : IDisposable
{
    private readonly string _bundle = Directory.CreateTempSubdirectory("skiff-pod").FullName;
    private readonly ManualTime _time = new();
    private readonly FakeSandbox _sandbox;
    private readonly PodService _pods;

    public PodServiceTests()
    {
        _sandbox = new FakeSandbox(_time);
        _pods = new PodService("k8s.io", _sandbox, ShimOptions.Default, "/opt/shim", _time);
    }

    [Fact]
    public async Task A_pod_lives_from_create_to_shutdown()
    {
        await CreateAsync();
        var (pid, createdAt) = await _pods.StartAsync("p");
        Assert.Equal(_sandbox.Guests[0].Pid, pid);
        Assert.Equal(_time.GetUtcNow(), createdAt);
        Assert.True(_pods.Status("p").Ready);
        var waiting = _pods.WaitAsync("p", CancellationToken.None);
        await _pods.StopAsync("p", TimeSpan.FromSeconds(10));

        Assert.Equal(143, (await waiting).Status);
        Assert.False(_pods.Status("p").Ready);
        await _pods.StopAsync("p", TimeSpan.FromSeconds(10));
        await _pods.ShutdownAsync("p");
        Assert.True(_sandbox.Guests[0].Deleted);
        Assert.True(_pods.IsEmpty);
        await _pods.ShutdownAsync("p");
    }

    [Fact]
    public async Task A_shim_has_one_pod_at_most()
    {
        await CreateAsync();

        Assert.Equal(ShimError.AlreadyExists, (await Assert.ThrowsAsync<ShimException>(() => CreateAsync("q"))).Error);
        Assert.Equal(ShimError.NotFound, Assert.Throws<ShimException>(() => _pods.Status("q")).Error);
        Assert.False(_pods.TryClose());
    }

    [Fact]
    public async Task A_pod_that_cannot_be_made_leaves_room_for_another()
    {
        _sandbox.OnCreate = (_, _) => throw new Skiff.Sandbox.SandboxException("no namespaces");
        await Assert.ThrowsAsync<Skiff.Sandbox.SandboxException>(() => CreateAsync());
        _sandbox.OnCreate = (_, _) => Task.CompletedTask;

        await CreateAsync();
    }

    [Fact]
    public void The_holder_is_in_the_pods_namespaces()
    {
        var spec = Spec(new PodSandboxConfig
        {
            Hostname = "web-0",
            Linux = new LinuxPodSandboxConfig { CgroupParent = "/kubepods/pod1", Sysctls = { ["net.core.somaxconn"] = "1024" } },
        });

        Assert.Equal("web-0", spec.GetProperty("hostname").GetString());
        Assert.Equal(["mount", "pid", "ipc", "uts", "network"], Namespaces(spec));
        Assert.Equal("/run/netns/x", spec.GetProperty("linux").GetProperty("namespaces")[4].GetProperty("path").GetString());
        Assert.Equal("/kubepods/pod1/p", spec.GetProperty("linux").GetProperty("cgroupsPath").GetString());
        Assert.Equal("1024", spec.GetProperty("linux").GetProperty("sysctl").GetProperty("net.core.somaxconn").GetString());
        Assert.Equal("hold", spec.GetProperty("process").GetProperty("args")[1].GetString());
        Assert.Contains(spec.GetProperty("mounts").EnumerateArray(), mount => mount.GetProperty("source").GetString() == "/opt/shim");
    }

    [Fact]
    public void A_pod_of_the_node_shares_what_it_asks_for()
    {
        var spec = Spec(
            new PodSandboxConfig
            {
                Hostname = "ignored",
                Linux = new LinuxPodSandboxConfig
                {
                    CgroupParent = "kubepods-pod1.slice",
                    SecurityContext = new LinuxSandboxSecurityContext
                    {
                        NamespaceOptions = new NamespaceOption { Network = NamespaceMode.Node, Pid = NamespaceMode.Node, Ipc = NamespaceMode.Node },
                    },
                },
            },
            networkNamespace: "");

        Assert.Equal(["mount"], Namespaces(spec));
        Assert.False(spec.TryGetProperty("hostname", out _));
        Assert.Equal("kubepods-pod1.slice:cri-containerd:p", spec.GetProperty("linux").GetProperty("cgroupsPath").GetString());
    }

    public void Dispose() => Directory.Delete(_bundle, recursive: true);

    private Task CreateAsync(string id = "p") => _pods.CreateAsync(id, _bundle, new PodSandboxConfig(), "", CancellationToken.None);

    private static JsonElement Spec(PodSandboxConfig config, string networkNamespace = "/run/netns/x") =>
        JsonDocument.Parse(PodSpec.Build("p", config, networkNamespace, "/opt/shim", oomScore: 0)).RootElement;

    private static IEnumerable<string?> Namespaces(JsonElement spec) =>
        spec.GetProperty("linux").GetProperty("namespaces").EnumerateArray().Select(entry => entry.GetProperty("type").GetString());
}
