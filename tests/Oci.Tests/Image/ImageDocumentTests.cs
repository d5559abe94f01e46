using System.Text;
using Skiff.Oci.Image;

namespace Skiff.Oci.Tests.Image;

public sealed class ImageDocumentTests
{
    private const string Hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static readonly Descriptor Blob = new() { MediaType = MediaTypes.Wasm, Digest = "sha256:" + Hex, Size = 12 };

    [Fact]
    public void A_manifest_survives_writing_and_reading()
    {
        var manifest = new ImageManifest { MediaType = MediaTypes.Manifest, Config = Blob, Layers = [Blob, Blob] };
        var read = ImageManifest.Parse(manifest.ToJson());
        Assert.Equal(Blob, read.Config);
        Assert.Equal([Blob, Blob], read.Layers);
        Assert.DoesNotContain("null", Encoding.UTF8.GetString(manifest.ToJson()), StringComparison.Ordinal);
    }

    [Fact]
    public void An_index_names_platforms()
    {
        var index = ImageIndex.Parse(Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"manifests":[{"mediaType":"{{MediaTypes.Manifest}}","digest":"sha256:{{Hex}}","size":1,"platform":{"architecture":"wasm","os":"wasip1"} }]}"""));
        Assert.True(index.Manifests[0].Platform!.IsWasm);
    }

    [Fact]
    public void A_configuration_keeps_its_process()
    {
        var config = ImageConfig.Parse("""{"architecture":"wasm","os":"wasi","config":{"Entrypoint":["/a.wasm"],"Env":["A=1"]},"rootfs":{"type":"layers","diff_ids":["sha256:x"]}}"""u8);
        Assert.Equal(["/a.wasm"], config.Config!.Entrypoint);
        Assert.Equal(["sha256:x"], config.RootFs!.DiffIds);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"config":null,"layers":[]}""")]
    [InlineData("""{"config":{"mediaType":"a","digest":"sha256:0","size":1},"layers":[]}""")]
    [InlineData("""{"config":{"mediaType":"a","digest":"../../etc/passwd","size":1},"layers":[]}""")]
    public void A_broken_manifest_is_refused(string json) =>
        Assert.Throws<OciFormatException>(() => ImageManifest.Parse(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("[null]")]
    [InlineData("null")]
    [InlineData("""[{"mediaType":"a","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":-1}]""")]
    public void Layers_without_descriptors_are_refused(string layers) =>
        Assert.Throws<OciFormatException>(() => ImageManifest.Parse(Encoding.UTF8.GetBytes(
            $$"""{"config":{"mediaType":"a","digest":"sha256:{{Hex}}","size":1},"layers":{{layers}}}""")));

    [Fact]
    public void A_huge_document_is_refused() =>
        Assert.Throws<OciFormatException>(() => ImageManifest.Parse(new byte[9 * 1024 * 1024]));

    [Theory]
    [InlineData("sha256:" + Hex, true)]
    [InlineData("sha512:" + Hex, false)]
    [InlineData("sha256:E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false)]
    [InlineData("sha256:" + Hex + "0", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Only_lowercase_sha256_is_a_digest(string? text, bool valid)
    {
        Assert.Equal(valid, Digest.TryParse(text, out var digest));
        Assert.Equal(valid ? text : "sha256:", digest.ToString());
    }
}
