using Skiff.Functional;

namespace Skiff.Conformance;

/// <summary>Every toolchain's output is something that skiff can take.</summary>
public sealed class ToolchainTests
{
    [Theory]
    [InlineData("http-text.wat")]
    [InlineData("http.wasm")]
    [InlineData("rust-http.wasm")]
    [InlineData("js-http.wasm")]
    public async Task An_HTTP_guest_compiles(string guest)
    {
        var result = await SkiffProgram.RunAsync("compile", Guest.Needed(guest));
        Assert.Equal("", result.Error);
        Assert.Contains("component", result.Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_JavaScript_command_runs()
    {
        var result = await SkiffProgram.RunAsync("run", Guest.Needed("js-command.wasm"), "args", "one", "two");
        Assert.Equal("one\ntwo\n", result.Succeeded());
    }
}
