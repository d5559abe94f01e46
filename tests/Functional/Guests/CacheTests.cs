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
    public async Task A_file_of_an_image_is_hashed_once_and_again_when_it_was_changed(string version)
    {
        await using var node = await OwnNodeAsync(version);
        var layers = Path.Combine(node.Folder, "root/io.containerd.snapshotter.v1.overlayfs/snapshots");
        // One snapshot for ctr's namespace, one for the CRI's.
        var files = Directory.EnumerateDirectories(layers).Select(layer => Path.Combine(layer, "fs", "toolbox.wasm")).Where(File.Exists).ToList();
        await Task.Delay(Settling);
        (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded();
        var known = Assert.Single(Remembered(node));

        (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded();
        Assert.Equal(known, Assert.Single(Remembered(node)));
        Assert.StartsWith(known, Path.GetFileName(Assert.Single(Entries(node))), StringComparison.Ordinal);

        // What nobody should do to a snapshot. Same inode, another change time.
        Assert.NotEmpty(files);
        files.ForEach(file => File.WriteAllBytes(file, File.ReadAllBytes(Path.Combine(Repository.Guests, "hello.wasm"))));
        Assert.Equal("hello from text\n", (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded());
    }

    [Theory, OnContainerd]
    public async Task A_damaged_entry_fails_one_start_and_is_compiled_again_at_the_next(string version)
    {
        Assert.SkipWhen(Repository.IsNode, "a guest host has the code mapped that is changed in place here");
        await using var node = await OwnNodeAsync(version);
        (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded();
        var entry = Assert.Single(Entries(node));
        var length = new FileInfo(entry).Length;
        File.SetUnixFileMode(entry, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using (var file = new FileStream(entry, FileMode.Open, FileAccess.Write))
        {
            // All but the header, which tells the length, and the section table.
            file.Position = 64;
            await file.WriteAsync(new byte[Math.Min(length - 64, 8192)]);
        }

        var refused = await node.Ctr.RunGuestAsync("/toolbox.wasm");
        Assert.True(refused.Error.Contains("compiles it anew", StringComparison.Ordinal), refused.ToString());
        Assert.Equal("hello from C\n", (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded());
    }

    [Theory, OnContainerd]
    public async Task A_large_module_runs_before_it_is_optimised_and_the_next_start_has_better_code(string version)
    {
        const string Image = "localhost/large:1";
        await using var node = await OwnNodeAsync(version);
        var module = Path.Combine(node.Folder, "large.wasm");
        var tar = Path.Combine(node.Folder, "large.tar");
        await File.WriteAllBytesAsync(module, [.. await File.ReadAllBytesAsync(Path.Combine(Repository.Guests, "rustbox.wasm")), .. Padding()]);
        Images.WriteRootfs(tar, Image, "linux/amd64", new Dictionary<string, string?> { ["/large.wasm"] = module }, ["/large.wasm"]);
        await node.Ctr.RunAsync("image", "import", tar);

        await RunAsync();
        await Eventually.BecomesTrueAsync(
            () => Entries(node) is [var entry] && !IsBaseline(entry), "the optimised code is there, and that of the baseline compiler gone", Patience);
        Assert.Equal(!Repository.IsNode, Directory.EnumerateDirectories(node.Cache, "*", SearchOption.AllDirectories).Any(IsBaseline));
        var written = new FileInfo(Assert.Single(Entries(node))).CreationTimeUtc;
        await RunAsync();
        Assert.Equal(written, new FileInfo(Assert.Single(Entries(node))).CreationTimeUtc);

        async Task RunAsync() => Assert.Equal(
            "hello from Rust\n",
            (await node.Ctr.TryAsync("run", "--rm", "--runtime", Repository.Runtime, Image, Names.Next(), "/large.wasm", "hello")).Succeeded());
    }

    [Theory, OnContainerd]
    public async Task Only_root_may_enter_the_cache(string version)
    {
        await using var node = await OwnNodeAsync(version);
        (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(node.Cache));
    }

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>How long a file must have been left alone before it is remembered.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2.5);

    private static List<string> Remembered(Containerd node) =>
        [.. Directory.EnumerateFiles(node.Cache, "file-*", SearchOption.AllDirectories).Select(path => new FileInfo(path).LinkTarget!)];

    /// <summary>A folder of the cache, or a file in it.</summary>
    private static bool IsBaseline(string path) => path.Contains("-baseline", StringComparison.Ordinal);

    // A custom section (core specification, 5.5.3: id 0, length, a name) that makes a module large enough for the baseline compiler, 256 KiB.
    private static byte[] Padding() => [0, 0x80, 0x80, 0x10, 1, (byte)'p', .. new byte[(256 << 10) - 2]];

    /// <summary>Compiled code is the only large thing in the cache: locks and temporary files are not counted.</summary>
    private static List<string> Entries(Containerd node) =>
        [.. Directory.EnumerateFiles(node.Cache, "*", SearchOption.AllDirectories).Where(path => new FileInfo(path).Length > 10_000)];
}
