using Skiff.Images.Pack;
using Skiff.Oci.Image;

namespace Skiff.Images.Tests.Pack;

public sealed class ImagePackerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skiff-pack").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_rootfs_image_holds_the_module_as_a_file()
    {
        var layout = Pack(Request(Wasm.Module));

        Assert.Equal(MediaTypes.LayerTar, layout.Layer.MediaType);
        Assert.Equal(
            $$$"""{"created":"1970-01-01T00:00:00+00:00","architecture":"wasm","os":"wasi","config":{"Entrypoint":["/app.wasm"]},"rootfs":{"type":"layers","diff_ids":["{{{layout.Layer.Digest}}}"]}}""",
            layout.Config);
        var (entry, content) = Assert.Single(PackedLayout.Entries(layout.Blob(layout.Layer)));
        Assert.Equal("app.wasm", entry.Name);
        Assert.Equal(Wasm.Module, content);
    }

    [Fact]
    public void A_layout_has_its_parts_in_order()
    {
        var layout = Pack(Request(Wasm.Module));

        Assert.Equal("""{"imageLayoutVersion":"1.0.0"}""", layout.File("oci-layout"));
        Assert.Equal(layout.Names.Order(StringComparer.Ordinal), layout.Names);
        Assert.Equal(["blobs/", "blobs/sha256/"], layout.Names[..2]);
        Assert.Equal(7, layout.Names.Count);
        Assert.Equal("docker.io/library/hello:latest", layout.ManifestDescriptor.Annotations!["io.containerd.image.name"]);
        Assert.Equal("latest", layout.ManifestDescriptor.Annotations["org.opencontainers.image.ref.name"]);
        Assert.Equal("wasi/wasm", PlatformName.Format(layout.ManifestDescriptor.Platform!));
    }

    [Fact]
    public void Further_files_come_with_their_folders_and_modes()
    {
        File.WriteAllText(PathOf("note"), "text");
        Directory.CreateDirectory(PathOf("data/inner"));
        File.WriteAllText(PathOf("data/inner/tool"), "run");
        File.SetUnixFileMode(PathOf("data/inner/tool"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var request = Request(Wasm.Module) with
        {
            Entrypoint = ["/bin/app.wasm#run", "--flag"],
            Environment = ["A=b"],
            Files = [new(PathOf("data"), "/srv/data"), new(PathOf("note"), "/etc/note")],
        };

        var layout = Pack(request);

        Assert.Contains("\"Env\":[\"A=b\"],\"Entrypoint\":[\"/bin/app.wasm#run\",\"--flag\"]", layout.Config);
        Assert.Equal(
            ["bin/", "bin/app.wasm", "etc/", "etc/note", "srv/", "srv/data/", "srv/data/inner/", "srv/data/inner/tool"],
            PackedLayout.Entries(layout.Blob(layout.Layer)).Select(entry => entry.Entry.Name));
        Assert.Equal(
            ["755", "644", "755", "644", "755", "755", "755", "755"],
            PackedLayout.Entries(layout.Blob(layout.Layer)).Select(entry => Convert.ToString((int)entry.Entry.Mode, 8)));
    }

    [Fact]
    public void A_module_layer_image_is_the_module_and_no_file_system()
    {
        var layout = Pack(Request(Wasm.Module) with { Form = ImageForm.Layer });

        Assert.Equal("application/wasm", layout.Layer.MediaType);
        Assert.Equal(Wasm.Module, layout.Blob(layout.Layer));
        Assert.Equal("app.wasm", layout.Layer.Annotations!["org.opencontainers.image.title"]);
        Assert.Equal(
            """{"created":"1970-01-01T00:00:00+00:00","architecture":"wasm","os":"wasip1","config":{"Entrypoint":["/app.wasm"]},"rootfs":{"type":"layers","diff_ids":[]}}""",
            layout.Config);
    }

    [Fact]
    public void A_component_layer_has_the_media_type_of_components()
    {
        var layout = Pack(Request(Wasm.Component) with { Form = ImageForm.Layer });

        Assert.Equal(MediaTypes.WasmComponentLayer, layout.Layer.MediaType);
        Assert.Equal("wasip2/wasm", PlatformName.Format(layout.ManifestDescriptor.Platform!));
    }

    [Fact]
    public void An_artifact_has_the_config_of_the_cncf()
    {
        var layout = Pack(Request(Wasm.Module) with { Form = ImageForm.Artifact });

        Assert.Equal("application/vnd.wasm.config.v0+json", layout.Manifest.Config.MediaType);
        Assert.Equal("application/wasm", layout.Layer.MediaType);
        Assert.Equal(
            $$"""{"created":"1970-01-01T00:00:00+00:00","architecture":"wasm","os":"wasip1","layerDigests":["{{layout.Layer.Digest}}"]}""",
            layout.Config);
    }

    [Fact]
    public void An_artifact_of_a_component_names_its_interfaces()
    {
        byte[] import = [10, 13, 1, 0x00, 8, .. "wasi:a/b"u8, 0x05, 0];
        byte[] export = [11, 9, 1, 0x00, 3, .. "run"u8, 0x01, 0, 0x00];

        var layout = Pack(Request([.. Wasm.Component, .. import, .. export]) with { Form = ImageForm.Artifact });

        Assert.Contains("\"os\":\"wasip2\"", layout.Config);
        Assert.EndsWith("\"component\":{\"exports\":[\"run\"],\"imports\":[\"wasi:a/b\"]}}", layout.Config);
    }

    [Theory]
    [InlineData(ImageForm.RootFs)]
    [InlineData(ImageForm.Layer)]
    [InlineData(ImageForm.Artifact)]
    public void The_same_input_gives_the_same_bytes(ImageForm form)
    {
        var request = Request(Wasm.Module) with { Form = form };
        var first = Bytes(request);
        File.SetLastWriteTimeUtc(request.Module, new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        File.SetUnixFileMode(request.Module, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Assert.Equal(first, Bytes(request));
    }

    [Fact]
    public void The_output_need_not_be_seekable()
    {
        var request = Request(Wasm.Module);
        var expected = Bytes(request);
        var whole = new MemoryStream();

        ImagePacker.Write(request, new Doubles.ForwardStream(whole));

        Assert.Equal(expected, whole.ToArray());
    }

    [Fact]
    public void Text_is_refused_as_no_binary() =>
        Assert.Contains("no Wasm binary", Refused(Request("(module)"u8.ToArray())));

    [Fact]
    public void An_empty_file_is_refused() => Assert.Contains("no Wasm binary", Refused(Request([])));

    [Fact]
    public void Native_code_is_refused() => Assert.Contains("native code", Refused(Request(Wasm.Native)));

    [Fact]
    public void An_artifact_has_no_place_for_an_environment()
    {
        var request = Request(Wasm.Module) with { Form = ImageForm.Artifact };

        Assert.Contains("no place", Refused(request with { Environment = ["A=b"] }));
        Assert.Contains("no place", Refused(request with { Entrypoint = ["/x"] }));
    }

    [Fact]
    public void A_layer_form_has_no_place_for_files() =>
        Assert.Contains("rootfs form", Refused(Request(Wasm.Module) with { Form = ImageForm.Layer, Files = [new("/etc/hosts", "/hosts")] }));

    [Fact]
    public void A_wasm_layer_needs_a_wasm_platform() =>
        Assert.Contains("architecture", Refused(Request(Wasm.Module) with
        {
            Form = ImageForm.Layer,
            Platform = new Platform { Os = "linux", Architecture = "amd64" },
        }));

    [Theory]
    [InlineData("relative")]
    [InlineData("/")]
    [InlineData("/../up")]
    [InlineData("/a//b")]
    [InlineData("/a/./b")]
    [InlineData("/a/")]
    public void A_destination_that_is_no_clean_path_is_refused(string destination)
    {
        File.WriteAllText(PathOf("note"), "text");

        Assert.Contains("is no path in an image", Refused(Request(Wasm.Module) with { Files = [new(PathOf("note"), destination)] }));
    }

    [Theory]
    [InlineData("/app.wasm")]
    [InlineData("/app.wasm/below")]
    public void A_destination_that_is_taken_is_refused(string destination)
    {
        File.WriteAllText(PathOf("note"), "text");

        Assert.Contains("/app.wasm", Refused(Request(Wasm.Module) with { Files = [new(PathOf("note"), destination)] }));
    }

    [Fact]
    public void A_file_that_is_missing_is_refused() =>
        Assert.Contains("does not exist", Refused(Request(Wasm.Module) with { Files = [new(PathOf("missing"), "/x")] }));

    [Fact]
    public void A_link_within_a_folder_is_refused()
    {
        Directory.CreateDirectory(PathOf("data"));
        File.CreateSymbolicLink(PathOf("data/link"), "/etc/passwd");

        Assert.Contains("symbolic link", Refused(Request(Wasm.Module) with { Files = [new(PathOf("data"), "/data")] }));
    }

    [Fact]
    public void A_path_that_is_too_long_for_a_tar_is_refused()
    {
        File.WriteAllText(PathOf("note"), "text");

        Assert.Contains("shorter path", Refused(Request(Wasm.Module) with { Files = [new(PathOf("note"), "/" + new string('x', 150))] }));
    }

    [Fact]
    public void A_component_cut_short_is_refused_as_an_artifact()
    {
        Assert.Contains("ends too early", Refused(Request([.. Wasm.Component, 10, 200, 1, 0]) with { Form = ImageForm.Artifact }));
    }

    private PackRequest Request(byte[] module)
    {
        File.WriteAllBytes(PathOf("hello.wasm"), module);
        return new PackRequest { Module = PathOf("hello.wasm"), Form = ImageForm.RootFs };
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private static PackedLayout Pack(PackRequest request) => new(Bytes(request));

    private static byte[] Bytes(PackRequest request)
    {
        var output = new MemoryStream();
        ImagePacker.Write(request, output);
        return output.ToArray();
    }

    private static string Refused(PackRequest request) =>
        Assert.Throws<ImageException>(() => ImagePacker.Write(request, Stream.Null)).Message;
}
