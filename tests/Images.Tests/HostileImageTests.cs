using System.Text;
using Skiff.Images.Tests.Doubles;
using Skiff.Oci.Image;

namespace Skiff.Images.Tests;

/// <summary>Everything in an image is somebody else's. Whatever it holds, the answer is an error that names the image.</summary>
public sealed class HostileImageTests
{
    private const long ModuleBytesMax = 16 * 1024 * 1024;

    private const string Digest = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
    private const string Config = $$"""{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{Digest}}","size":2}""";

    private readonly FakeImageStore _store = new();

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("{\"layers\":[]}")]
    [InlineData("{\"config\":" + Config + "}")]
    [InlineData("{\"config\":" + Config + ",\"layers\":null}")]
    [InlineData("{\"config\":" + Config + ",\"layers\":[null]}")]
    [InlineData("{\"config\":" + Config + ",\"layers\":{}}")]
    [InlineData("{\"config\":" + Config + ",\"layers\":[{\"mediaType\":\"application/wasm\",\"digest\":\"" + Digest + "\",\"size\":-1}]}")]
    [InlineData("{\"config\":" + Config + ",\"layers\":[{\"mediaType\":\"application/wasm\",\"digest\":\"" + Digest + "\",\"size\":1e400}]}")]
    [InlineData("{\"config\":" + Config + ",\"layers\":[{\"mediaType\":\"application/wasm\",\"digest\":\"sha256:../../etc/passwd\",\"size\":1}]}")]
    [InlineData("{\"config\":" + Config + ",\"layers\":[{\"mediaType\":\"application/wasm\",\"digest\":\"md5:00\",\"size\":1}]}")]
    [InlineData("{\"config\":" + Config + ",\"layers\":[{\"digest\":\"" + Digest + "\",\"size\":1}]}")]
    [InlineData("{\"config\":" + Config + ",\"layers\":[")]
    public async Task A_malformed_manifest_is_refused(string json)
    {
        _store.Target = _store.AddJson(MediaTypes.Manifest, json);

        await RefusedAsync();
    }

    [Theory]
    [InlineData("{\"manifests\":null}")]
    [InlineData("{\"manifests\":[null]}")]
    [InlineData("{\"manifests\":[]}")]
    [InlineData("{\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"x\",\"size\":1}]}")]
    [InlineData("{\"manifests\":[{\"mediaType\":\"text/plain\",\"digest\":\"" + Digest + "\",\"size\":1}]}")]
    public async Task A_malformed_index_is_refused(string json)
    {
        _store.Target = _store.AddJson(MediaTypes.Index, json);

        await RefusedAsync();
    }

    [Fact]
    public async Task Deep_json_is_refused()
    {
        const int Depth = 100_000;
        _store.Target = _store.AddJson(
            MediaTypes.Manifest, "{\"config\":" + new string('[', Depth) + new string(']', Depth) + ",\"layers\":[]}");

        await RefusedAsync();
    }

    [Fact]
    public async Task Deep_json_in_a_member_nobody_reads_is_refused()
    {
        const int Depth = 100_000;
        _store.Target = _store.AddJson(
            MediaTypes.Manifest,
            "{\"x\":" + new string('[', Depth) + new string(']', Depth) + ",\"config\":" + Config + ",\"layers\":[]}");

        await RefusedAsync();
    }

    [Fact]
    public async Task A_huge_manifest_is_refused_before_it_is_read()
    {
        _store.Target = new Descriptor { MediaType = MediaTypes.Manifest, Digest = Digest, Size = LayerFinder.DocumentBytesMax + 1L };

        Assert.Contains($"{LayerFinder.DocumentBytesMax + 1}", (await RefusedAsync()).Message);
    }

    [Fact]
    public async Task A_huge_module_is_refused_before_it_is_read()
    {
        var layer = new Descriptor { MediaType = MediaTypes.Wasm, Digest = Digest, Size = long.MaxValue };
        _store.Target = _store.AddManifest(layer);
        var found = await FindAsync();

        var fault = await Assert.ThrowsAsync<ImageException>(() => new LayerFinder(_store).ReadAsync(found.Layer!, ModuleBytesMax, default));

        Assert.Contains($"{long.MaxValue}", fault.Message);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("")]
    [InlineData("application/vnd.docker.distribution.manifest.v1+json")]
    public async Task A_target_of_another_type_is_refused(string mediaType)
    {
        _store.Target = _store.AddJson(mediaType, "{}");

        await RefusedAsync();
    }

    [Fact]
    public async Task A_document_of_two_types_is_refused()
    {
        _store.Target = _store.Add(
            MediaTypes.Index,
            Encoding.UTF8.GetBytes(
                $$"""{"mediaType":"{{MediaTypes.Manifest}}","manifests":[],"config":{{Config}},"layers":[]}"""));

        Assert.Contains("by itself", (await RefusedAsync()).Message);
    }

    [Fact]
    public async Task Content_of_another_digest_is_refused()
    {
        var manifest = _store.AddManifest(_store.Add(MediaTypes.Wasm, Wasm.Module));
        _store.Target = manifest;
        var damaged = new byte[manifest.Size];
        _store.Replace(manifest, damaged);

        Assert.Contains("damaged", (await RefusedAsync()).Message);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Content_of_another_size_is_refused(int difference)
    {
        var manifest = _store.AddManifest(_store.Add(MediaTypes.Wasm, Wasm.Module));
        _store.Target = manifest with { Size = manifest.Size + difference };

        await RefusedAsync();
    }

    [Fact]
    public async Task A_container_spec_that_is_no_spec_is_refused()
    {
        _store.Spec = "{\"process\":[]}";
        _store.Target = _store.AddManifest(
            _store.Add(MediaTypes.Wasm, [.. Wasm.Module, 1]), _store.Add(MediaTypes.Wasm, [.. Wasm.Module, 2]));

        await RefusedAsync();
    }

    [Fact]
    public async Task Random_damage_never_gets_past_the_errors_that_are_foreseen()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var whole = Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.Manifest}}","config":{{Config}},"layers":[{"mediaType":"application/wasm","digest":"{{Digest}}","size":8,"annotations":{"a":"b" } }]}""");
        for (var round = 0; round < 2_000; round++)
        {
            var damaged = whole.ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            _store.Target = _store.Add(MediaTypes.Manifest, damaged[..random.Next(damaged.Length + 1)]);
            try
            {
                await FindAsync();
            }
            catch (ImageException)
            {
                // The one answer that a damaged image may get, besides being read as something else.
            }
            catch (Exception fault)
            {
                Assert.Fail($"seed {seed}, round {round}: {fault}");
            }
        }
    }

    private async Task<ImageException> RefusedAsync()
    {
        var fault = await Assert.ThrowsAsync<ImageException>(FindAsync);
        Assert.Contains(FakeImageStore.Image, fault.Message);
        return fault;
    }

    private Task<ModuleSearch> FindAsync() => new LayerFinder(_store).FindAsync(FakeImageStore.Container, default);
}
