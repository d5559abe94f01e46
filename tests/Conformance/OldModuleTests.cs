using Skiff.Functional;

namespace Skiff.Conformance;

/// <summary>Core modules as compilers made them before there were components.</summary>
public sealed class OldModuleTests
{
    [Fact]
    public async Task The_oldest_WASI_works_where_it_differs_from_Preview_1()
    {
        using var folder = new WorkFolder();
        var result = await SkiffProgram.RunAsync(["run", .. folder.Options, Guest.Needed("unstable.wasm")]);
        Assert.DoesNotContain("FAIL", result.Output, StringComparison.Ordinal);
        Assert.Contains("ok waited less than 2 s\n", result.Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_core_module_may_import_Preview_1_and_component_interfaces_beside_it()
    {
        var result = await SkiffProgram.RunAsync("run", Guest.Needed("mixed.wasm"), "one", "two");
        Assert.Equal("preview 1: 3 arguments\ncomponent: 3 arguments, the last is two\nand again\n", result.Succeeded());
    }
}
