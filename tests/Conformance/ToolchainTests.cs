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
        var result = await SkiffProgram.CompileAsync(Guest.Needed(guest));
        Assert.Equal("", result.Error);
        Assert.Contains("component", result.Succeeded(), StringComparison.Ordinal);
    }
}
