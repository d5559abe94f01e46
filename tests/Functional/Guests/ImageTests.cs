using Skiff.Harness;

namespace Skiff.Functional.Guests;

/// <summary>Every form of image that holds Wasm, and the one that must be refused.</summary>
public sealed class ImageTests(Nodes nodes) : NodeTest(nodes), IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skfi").FullName;

    [Theory]
    [OnContainerd]
    public async Task A_rootfs_image_for_a_Wasm_platform_runs(string version)
    {
        var node = await NodeAsync(version);
        foreach (var platform in new[] { "wasi/wasm", "wasip1/wasm" })
        {
            var name = $"localhost/{platform.Replace('/', '-')}:1";
            var tar = Tar(path => Images.WriteRootfs(path, name, platform, Module(), ["/toolbox.wasm", "args", "by", "default"]));
            await node.Ctr.RunAsync("image", "import", "--platform", platform, tar);

            var result = await node.Ctr.TryAsync("run", "--rm", "--platform", platform, "--runtime", Ctr.Skiff, name, Names.Next());

            Assert.Equal("by\ndefault\n", result.Succeeded());
        }
    }

    /// <summary>containerd 1.6 itself refuses to unpack an image whose layer is no tar: see docs.</summary>
    [Theory]
    [OnContainerd("1.7", "2.1")]
    public async Task An_image_with_a_Wasm_layer_runs(string version)
    {
        string[] types =
        [
            "application/wasm", "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm", "application/vnd.wasm.content.layer.v1+wasm",
        ];
        var node = await NodeAsync(version);
        foreach (var type in types)
        {
            var name = $"localhost/layer{Array.IndexOf(types, type)}:1";
            var tar = Tar(path => Images.WriteWasmLayer(path, name, Guest.Needed(Guest.Toolbox), type));
            await node.Ctr.RunAsync("image", "import", "--all-platforms", tar);

            var result = await node.Ctr.TryAsync(
                "run", "--rm", "--platform", "wasip1/wasm", "--runtime", Ctr.Skiff, name, Names.Next(), "/toolbox.wasm", "args", type);

            Assert.Equal($"{type}\n", result.Succeeded());
        }
    }

    [Theory]
    [OnContainerd("1.7", "2.1")]
    public async Task An_artifact_runs_through_the_CRI(string version)
    {
        var node = await NodeAsync(version);
        const string Name = "localhost/artifact:1";
        var tar = Tar(path => Images.WriteArtifact(path, Name, Guest.Needed(Guest.Toolbox)));
        (await node.Ctr.TryInAsync("k8s.io", "image", "import", "--all-platforms", tar)).Succeeded();
        await using var pod = await Pod.RunAsync(node);

        var container = await pod.StartAsync(["toolbox.wasm", "args", "from an artifact"], image: Name);

        Assert.Equal(0, (await container.EndAsync()).ExitCode);
        await container.LogsAsync("from an artifact");
    }

    /// <summary>Compiled code is native code: an image that brings its own is an attack or a mistake.</summary>
    [Theory]
    [OnContainerd]
    public async Task Precompiled_code_in_an_image_is_refused_and_the_text_says_why(string version)
    {
        var node = await NodeAsync(version);
        (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded();
        var compiled = Directory.EnumerateFiles(node.Cache, "*", SearchOption.AllDirectories).First(path => new FileInfo(path).Length > 100_000);
        var files = new Dictionary<string, string?> { ["/app.wasm"] = compiled };
        var tar = Tar(path => Images.WriteRootfs(path, "localhost/evil:1", "linux/amd64", files, ["/app.wasm"]));
        await node.Ctr.RunAsync("image", "import", tar);

        var result = await node.Ctr.TryAsync("run", "--rm", "--runtime", Ctr.Skiff, "localhost/evil:1", Names.Next());

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("compiled by Wasmtime", result.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [OnContainerd]
    public async Task Skiff_packs_an_image_that_runs(string version)
    {
        var node = await NodeAsync(version);
        var tar = Path.Combine(_folder, "packed.tar");
        (await Command.RunAsync(
            Repository.Skiff, ["image", "pack", Guest.Needed(Guest.Toolbox), "--name", "localhost/packed:1", "--output", tar])).Succeeded();
        await node.Ctr.RunAsync("image", "import", "--all-platforms", tar);

        var result = await node.Ctr.TryAsync(
            "run", "--rm", "--platform", "wasi/wasm", "--runtime", Ctr.Skiff, "localhost/packed:1", Names.Next(), "/app.wasm", "hello");

        Assert.Equal("hello from C\n", result.Succeeded());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Dictionary<string, string?> Module() => new() { ["/toolbox.wasm"] = Guest.Needed(Guest.Toolbox) };

    private string Tar(Action<string> write)
    {
        var path = Path.Combine(_folder, "image.tar");
        write(path);
        return path;
    }
}
