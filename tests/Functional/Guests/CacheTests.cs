using Skiff.Harness;

namespace Skiff.Functional.Guests;

/// <summary>The node's compile cache as containers see it.</summary>
public sealed class CacheTests(Nodes nodes) : NodeTest(nodes)
{
    [Theory, OnContainerd]
    public async Task Many_first_starts_at_once_compile_once(string version)
    {
        await using var node = await OwnNodeAsync(version);

        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => node.Ctr.RunGuestAsync("/toolbox.wasm")));

        Assert.All(results, result => Assert.Equal("hello from C\n", result.Succeeded()));
        Assert.Single(Entries(node));
    }

    [Theory, OnContainerd]
    public async Task A_second_start_writes_nothing(string version)
    {
        await using var node = await OwnNodeAsync(version);
        (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded();
        var entry = Assert.Single(Entries(node));
        var written = new FileInfo(entry).CreationTimeUtc;

        (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded();

        Assert.Equal(written, new FileInfo(Assert.Single(Entries(node))).CreationTimeUtc);
    }

    [Theory, OnContainerd]
    public async Task A_removed_entry_is_made_again(string version)
    {
        await using var node = await OwnNodeAsync(version);
        (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded();
        Directory.Delete(node.Cache, recursive: true);

        Assert.Equal("hello from C\n", (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded());
        Assert.Single(Entries(node));
    }

    [Theory, OnContainerd]
    public async Task Only_root_may_enter_the_cache(string version)
    {
        await using var node = await OwnNodeAsync(version);
        (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(node.Cache));
    }

    /// <summary>Compiled code is the only large thing in the cache: locks and temporary files are not counted.</summary>
    private static List<string> Entries(Containerd node) =>
        [.. Directory.EnumerateFiles(node.Cache, "*", SearchOption.AllDirectories).Where(path => new FileInfo(path).Length > 10_000)];
}
