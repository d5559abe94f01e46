using Skiff.Images.Pack;

namespace Skiff.Images.Tests.Pack;

public sealed class ImageNameTests
{
    [Theory]
    [InlineData("hello", "docker.io/library/hello:latest")]
    [InlineData("hello:1.2", "docker.io/library/hello:1.2")]
    [InlineData("me/hello", "docker.io/me/hello:latest")]
    [InlineData("localhost/hello", "localhost/hello:latest")]
    [InlineData("registry:5000/a/b:t", "registry:5000/a/b:t")]
    [InlineData("registry:5000/a/b", "registry:5000/a/b:latest")]
    [InlineData("ghcr.io/me/hello_world:V1", "ghcr.io/me/hello_world:V1")]
    public void A_name_is_written_out_in_full(string text, string full)
    {
        Assert.True(ImageName.TryParse(text, out var name));
        Assert.Equal(full, name.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("hello:")]
    [InlineData("Hello")]
    [InlineData("a//b")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a b")]
    [InlineData("a:-x")]
    [InlineData("../a")]
    [InlineData("a@sha256:00")]
    public void A_name_that_registries_refuse_is_refused(string text) => Assert.False(ImageName.TryParse(text, out _));

    [Theory]
    [InlineData("/x/hello.wasm", "docker.io/library/hello:latest")]
    [InlineData("Hello World.wasm", "docker.io/library/hello-world:latest")]
    [InlineData("???.wasm", "docker.io/library/app:latest")]
    public void Without_a_name_the_file_gives_one(string path, string full) => Assert.Equal(full, ImageName.After(path).ToString());

    [Theory]
    [InlineData("wasi/wasm", true)]
    [InlineData("linux/arm64/v8", true)]
    [InlineData("wasi", false)]
    [InlineData("wasi/", false)]
    [InlineData("a/b/c/d", false)]
    [InlineData("A/b", false)]
    public void A_platform_has_two_or_three_parts(string text, bool valid) =>
        Assert.Equal(valid, PlatformName.TryParse(text, out _));
}
