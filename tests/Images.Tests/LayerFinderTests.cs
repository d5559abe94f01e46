using System.Runtime.InteropServices;
using Skiff.Images.Tests.Doubles;
using Skiff.Oci.Image;

namespace Skiff.Images.Tests;

public sealed class LayerFinderTests
{
    private const long ModuleBytesMax = 16 * 1024 * 1024;

    private static readonly string NodeArchitecture =
        RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64";

    private readonly FakeImageStore _store = new();

    [Theory]
    [InlineData("application/wasm")]
    [InlineData("application/vnd.bytecodealliance.wasm.component.layer.v0+wasm")]
    [InlineData("application/vnd.wasm.content.layer.v1+wasm")]
    public async Task A_layer_of_a_wasm_media_type_is_found_and_not_read(string mediaType)
    {
        var layer = _store.Add(mediaType, Wasm.Module);
        _store.Target = _store.AddManifest(layer);

        var found = await FindAsync();

        Assert.Equal(layer, found.Layer);
        Assert.Equal([MediaTypes.Manifest], _store.Reads);
    }

    [Fact]
    public async Task An_artifact_is_found_like_an_image()
    {
        var layer = _store.Add(MediaTypes.Wasm, Wasm.Component);
        var config = _store.AddJson(MediaTypes.WasmConfig, "{}");
        _store.Target = _store.Add(
            MediaTypes.Manifest, new ImageManifest { MediaType = MediaTypes.Manifest, Config = config, Layers = [layer] }.ToJson());

        Assert.Equal(layer, (await FindAsync()).Layer);
    }

    [Fact]
    public async Task Dockers_media_types_are_read_as_well()
    {
        var layer = _store.Add(MediaTypes.Wasm, Wasm.Module);
        var config = _store.AddJson(MediaTypes.DockerConfig, "{}");
        var manifest = _store.Add(MediaTypes.DockerManifest, new ImageManifest { Config = config, Layers = [layer] }.ToJson());
        _store.Target = _store.Add(
            MediaTypes.DockerManifestList, new ImageIndex { Manifests = [On(manifest, "wasi", "wasm")] }.ToJson());

        Assert.Equal(layer, (await FindAsync()).Layer);
    }

    [Fact]
    public async Task Layers_that_are_not_wasm_are_passed_over()
    {
        var layer = _store.Add(MediaTypes.Wasm, Wasm.Module);
        _store.Target = _store.AddManifest(_store.AddJson(MediaTypes.LayerTarGzip, "x"), layer, _store.AddJson("text/plain", "y"));

        Assert.Equal(layer, (await FindAsync()).Layer);
    }

    [Fact]
    public async Task An_image_of_archives_has_no_module()
    {
        _store.Target = _store.AddManifest(_store.AddJson(MediaTypes.LayerTarGzip, "x"));

        var found = await FindAsync();

        Assert.Null(found.Layer);
        Assert.Contains("no layer of a Wasm media type", found.Reason);
        Assert.Contains(FakeImageStore.Image, found.Reason);
    }

    [Fact]
    public async Task A_container_without_an_image_has_no_module()
    {
        _store.ContainerImage = "";

        var found = await FindAsync();

        Assert.Null(found.Layer);
        Assert.Contains("without an image", found.Reason);
    }

    [Fact]
    public async Task Platforms_are_preferred_in_order()
    {
        (string Os, string Architecture)[] order =
            [("wasi", "wasm"), ("wasip1", "wasm"), ("wasip2", "wasm"), ("js", "wasm"), ("linux", NodeArchitecture)];
        var manifests = order
            .Select((platform, i) => On(
                _store.AddManifest(_store.Add(MediaTypes.Wasm, [.. Wasm.Module, (byte)i])), platform.Os, platform.Architecture))
            .ToArray();
        for (var first = 0; first < order.Length; first++)
        {
            _store.Target = _store.AddIndex([.. manifests[first..].Reverse(), On(manifests[0], "unknown", "unknown")]);

            var expected = _store.Add(MediaTypes.Wasm, [.. Wasm.Module, (byte)first]);
            Assert.Equal(expected, (await FindAsync()).Layer);
        }
    }

    [Fact]
    public async Task Of_equal_platforms_the_first_is_taken()
    {
        var first = _store.Add(MediaTypes.Wasm, [.. Wasm.Module, 1]);
        var second = _store.Add(MediaTypes.Wasm, [.. Wasm.Module, 2]);
        _store.Target = _store.AddIndex(
            On(_store.AddManifest(first), "wasi", "wasm"), On(_store.AddManifest(second), "wasi", "wasm"));

        Assert.Equal(first, (await FindAsync()).Layer);
    }

    [Fact]
    public async Task An_index_for_other_machines_is_refused_with_its_platforms()
    {
        _store.Target = _store.AddIndex(On(_store.AddManifest(), "windows", "amd64"), On(_store.AddManifest(), "linux", "s390x"));

        var fault = await Assert.ThrowsAsync<ImageException>(FindAsync);

        Assert.Contains("windows/amd64, linux/s390x", fault.Message);
    }

    [Fact]
    public async Task An_index_of_an_index_is_followed()
    {
        var layer = _store.Add(MediaTypes.Wasm, Wasm.Module);
        _store.Target = _store.AddIndex(On(_store.AddIndex(On(_store.AddManifest(layer), "wasi", "wasm")), "wasi", "wasm"));

        Assert.Equal(layer, (await FindAsync()).Layer);
    }

    [Fact]
    public async Task A_long_chain_of_indexes_is_refused()
    {
        var target = _store.AddManifest(_store.Add(MediaTypes.Wasm, Wasm.Module));
        for (var i = 0; i < 10; i++)
        {
            target = _store.AddIndex(On(target, "wasi", "wasm"));
        }

        _store.Target = target;

        Assert.Contains("further indexes", (await Assert.ThrowsAsync<ImageException>(FindAsync)).Message);
        Assert.True(_store.Reads.Count < 10);
    }

    [Theory]
    [InlineData("/second.wasm")]
    [InlineData("second.wasm")]
    [InlineData("/second.wasm#run")]
    [InlineData("/usr/bin/second.wasm")]
    public async Task Of_several_modules_the_entrypoint_names_one(string entrypoint)
    {
        var second = Titled(_store.Add(MediaTypes.Wasm, [.. Wasm.Module, 2]), "second.wasm");
        _store.Target = _store.AddManifest(Titled(_store.Add(MediaTypes.Wasm, [.. Wasm.Module, 1]), "first.wasm"), second);
        SetEntrypoint(entrypoint);

        Assert.Equal(second.Digest, (await FindAsync()).Layer!.Digest);
    }

    [Fact]
    public async Task Of_several_modules_without_a_name_none_is_guessed()
    {
        var first = Titled(_store.Add(MediaTypes.Wasm, [.. Wasm.Module, 1]), "first.wasm");
        var second = _store.Add(MediaTypes.Wasm, [.. Wasm.Module, 2]);
        _store.Target = _store.AddManifest(first, second);
        SetEntrypoint("/third.wasm");

        var fault = await Assert.ThrowsAsync<ImageException>(FindAsync);

        Assert.Contains("/third.wasm", fault.Message);
        Assert.Contains("first.wasm", fault.Message);
        Assert.Contains(second.Digest, fault.Message);
    }

    [Theory]
    [InlineData("application/vnd.example.precompiled", null)]
    [InlineData("application/vnd.wasmtime.cwasm", null)]
    [InlineData("application/wasm", "app.cwasm")]
    public async Task Precompiled_code_is_refused_with_the_reason(string mediaType, string? title)
    {
        var layer = _store.Add(mediaType, Wasm.Native);
        _store.Target = _store.AddManifest(title is null ? layer : Titled(layer, title));

        Assert.Contains("native code", (await Assert.ThrowsAsync<ImageException>(FindAsync)).Message);
    }

    [Fact]
    public async Task Precompiled_code_under_a_wasm_name_is_refused_when_read()
    {
        _store.Target = _store.AddManifest(_store.Add(MediaTypes.Wasm, Wasm.Native));
        var found = await FindAsync();

        var fault = await Assert.ThrowsAsync<ImageException>(() => Finder().ReadAsync(found.Layer!, ModuleBytesMax, default));

        Assert.Contains("native code", fault.Message);
    }

    [Fact]
    public async Task A_layer_is_read_whole()
    {
        _store.Target = _store.AddManifest(_store.Add(MediaTypes.Wasm, Wasm.Module));

        Assert.Equal(Wasm.Module, await Finder().ReadAsync((await FindAsync()).Layer!, ModuleBytesMax, default));
    }

    private LayerFinder Finder() => new(_store);

    private Task<ModuleSearch> FindAsync() => Finder().FindAsync(FakeImageStore.Container, default);

    private void SetEntrypoint(string entrypoint) => _store.Spec = _store.Spec.Replace("/app.wasm", entrypoint);

    private static Descriptor On(Descriptor manifest, string os, string architecture) =>
        manifest with { Platform = new Platform { Os = os, Architecture = architecture } };

    private static Descriptor Titled(Descriptor layer, string title) =>
        layer with { Annotations = new Dictionary<string, string> { ["org.opencontainers.image.title"] = title } };
}
