using Skiff.Harness;

namespace Skiff.Functional;

/// <summary>The guests of <c>tests/Guests</c>. A test asks for one by name; one that was not built skips the test with the reason.</summary>
internal static class Guest
{
    public const string Toolbox = "toolbox.wasm";
    public const string ToolboxComponent = "toolbox-p2.wasm";
    public const string Rustbox = "rustbox.wasm";

    /// <summary>Path on the host of a guest that this test needs.</summary>
    public static string Needed(string name)
    {
        var path = Path.Combine(Repository.Guests, name);
        Assert.SkipUnless(File.Exists(path), $"{name} was not built: its toolchain is missing (run scripts/setup.sh, then build)");
        return path;
    }
}
