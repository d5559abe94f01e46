using Skiff.Shim.Bootstrap;

namespace Skiff.Shim.Tests.Bootstrap;

public sealed class ShimArgumentsTests
{
    [Theory]
    [InlineData("-namespace|ns|-address|/a.sock|-publish-binary|/bin/containerd|-id|c1|start")]
    [InlineData("--namespace|ns|--address|/a.sock|--publish-binary|/bin/containerd|--id|c1|start")]
    [InlineData("-namespace=ns|-address=/a.sock|-publish-binary=/bin/containerd|-id=c1|start")]
    [InlineData("--namespace=ns|--address=/a.sock|-publish-binary|/bin/containerd|--id=c1|--|start")]
    [InlineData("-debug-socket|/d|-debug=false|-namespace|ns|-address|/a.sock|-publish-binary|/bin/containerd|-id|c1|start|-debug")]
    public void All_flag_styles_mean_the_same(string words)
    {
        var parsed = ShimArguments.Parse("shim", words.Split('|'));

        Assert.Equal(
            new ShimArguments { ProgramName = "shim", Namespace = "ns", Address = "/a.sock", PublishBinary = "/bin/containerd", Id = "c1", Action = "start" },
            parsed);
    }

    [Fact]
    public void Delete_names_a_bundle()
    {
        var parsed = ShimArguments.Parse("shim", ["-namespace", "ns", "-id", "c1", "-bundle", "/b", "-debug", "delete"]);

        Assert.Equal(("delete", "/b", true), (parsed.Action, parsed.Bundle, parsed.Debug));
    }

    [Theory]
    [InlineData("-v")]
    [InlineData("--version")]
    public void Version_is_a_flag(string flag) => Assert.True(ShimArguments.Parse("shim", [flag]).ShowVersion);

    [Theory]
    [InlineData("-colour|red|start", "-colour")]
    [InlineData("-id", "-id needs a value")]
    [InlineData("-debug=maybe|start", "-debug is on or off")]
    public void A_flag_that_cannot_be_understood_is_named(string words, string text)
    {
        var refusal = Assert.Throws<ShimException>(() => ShimArguments.Parse("shim", words.Split('|')));

        Assert.Contains(text, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/opt/containerd-shim-skiff-v1", "io.containerd.skiff.v1")]
    [InlineData("containerd-shim-wasmtime-v1", "io.containerd.wasmtime.v1")]
    [InlineData("containerd-shim-spin-v2", "io.containerd.spin.v2")]
    [InlineData("renamed", "io.containerd.skiff.v1")]
    public void The_runtime_type_follows_the_name(string program, string type) => Assert.Equal(type, ShimName.RuntimeType(program));

    [Theory]
    [InlineData("containerd-shim-spin-v2")]
    [InlineData("containerd-shim-slight-v1")]
    public void A_name_that_is_not_served_yet_says_so(string program)
    {
        var refusal = Assert.Throws<ShimException>(() => ShimName.RequireServed("/usr/bin/" + program));

        Assert.Contains("not yet", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(program, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/opt/containerd-shim-skiffnode-v1", "Node")]
    [InlineData("containerd-shim-wasmtimed-v1", "Node")]
    [InlineData("containerd-shim-skiff-v1", "Container")]
    [InlineData("containerd-shim-wasmtime-v1", "Container")]
    public void The_isolation_follows_the_name(string program, string isolation)
    {
        ShimName.RequireServed(program);
        Assert.Equal(isolation, ShimName.IsolationOf(program).ToString());
    }

    [Fact]
    public void The_names_that_work_are_served()
    {
        ShimName.RequireServed("containerd-shim-skiff-v1");
        ShimName.RequireServed("containerd-shim-wasmtime-v1");
    }
}
