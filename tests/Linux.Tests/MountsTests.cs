using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed class MountsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _target;

    public MountsTests() => _target = _folder.MakeFolder("target");

    public void Dispose()
    {
        Mounts.UnmountAll(_target);
        Mounts.UnmountAll(_folder["tmpfs"]);
        _folder.Dispose();
    }

    [Fact]
    public void A_read_only_bind_mount_cannot_be_written()
    {
        _folder.MakeFolder("source");
        _folder.Write("source/file", "content");
        Mounts.Mount(new("bind", _folder["source"], "", ["rbind", "ro", "nosuid"]), _target);
        Assert.Equal("content", File.ReadAllText(_folder["target/file"]));
        Assert.Throws<IOException>(() => File.WriteAllText(_folder["target/new"], ""));
        Assert.Contains("ro,nosuid", MountLines(_target).Single(), StringComparison.Ordinal);
        Mounts.UnmountAll(_target);
        Assert.Empty(MountLines(_target));
        Assert.True(File.Exists(_folder["source/file"]));
    }

    [Fact]
    public void All_stacked_mounts_go_and_nothing_there_is_no_error()
    {
        for (var i = 0; i < 3; i++)
        {
            Mounts.Mount(new("tmpfs", "tmpfs", "", ["size=1m", "mode=700", "nodev"]), _target);
        }

        using (File.Create(_folder["target/open"]))
        {
            Mounts.UnmountAll(_target);
        }

        Assert.Empty(MountLines(_target));
        Mounts.UnmountAll(_target);
        Mounts.UnmountAll(_folder["nowhere"]);
    }

    [Fact]
    public async Task What_is_unmounted_soon_is_gone_at_once_and_its_handle_is_closed()
    {
        Mounts.Mount(new("tmpfs", "skiff-soon", "", []), _target);
        await File.WriteAllTextAsync(_folder["target/file"], "content", TestContext.Current.CancellationToken);
        Mounts.UnmountAllSoon(_target);
        Assert.Empty(MountLines(_target));
        Assert.False(File.Exists(_folder["target/file"]));

        // Another one is closed after it, in the order of their coming.
        using var witness = File.OpenHandle(_folder.Write("witness", ""));
        LateClose.Add(witness);
        while (!witness.IsClosed)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Mounts.UnmountAllSoon(_folder["nowhere"]);
    }

    [Fact]
    public void A_link_is_not_followed_when_unmounting()
    {
        Mounts.Mount(new("tmpfs", "tmpfs", "", []), _target);
        File.CreateSymbolicLink(_folder["link"], _target);
        Mounts.UnmountAll(_folder["link"]);
        Assert.Single(MountLines(_target));
    }

    [Fact]
    public void A_failure_names_type_source_and_target()
    {
        var error = Assert.Throws<LinuxException>(() => Mounts.Mount(new("bind", "/no/such/source", "", ["ro"]), _target));
        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Contains("bind /no/such/source on " + _target, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_target_inside_the_rootfs_does_not_lead_out_through_a_link()
    {
        Mounts.Mount(new("tmpfs", "tmpfs", "", []), _target);
        Directory.CreateDirectory(_folder["target/etc"]);
        Directory.CreateSymbolicLink(_folder["target/evil"], "/etc");
        Mounts.Mount(new("tmpfs", "inner", "/evil", []), _target);
        Assert.Single(MountLines(_folder["target/etc"]));
        Assert.Throws<LinuxException>(() => Mounts.Mount(new("tmpfs", "inner", "/missing", []), _target));
    }

    [Fact]
    public void Propagation_is_set()
    {
        Mounts.Mount(new("tmpfs", "tmpfs", "", ["rshared"]), _target);
        Assert.Contains("shared:", MountLines(_target).Single(), StringComparison.Ordinal);
        Mounts.UnmountAll(_target);
        Mounts.Mount(new("tmpfs", "tmpfs", "", ["rprivate"]), _target);
        Assert.DoesNotContain("shared:", MountLines(_target).Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_overlay_of_few_layers_is_mounted()
    {
        var options = OverlayOptions(layers: 3);
        Mounts.Mount(new("overlay", "overlay", "", options), _target);
        AssertLayers(3);
    }

    [Theory]
    [InlineData(110)]
    [InlineData(200)]
    public void An_overlay_whose_layers_do_not_fit_into_a_page_is_mounted(int layers)
    {
        var options = OverlayOptions(layers);
        Assert.True(options.Sum(option => option.Length + 1) > 4096);
        Mounts.Mount(new("overlay", "overlay", "", options), _target);
        AssertLayers(layers);
        File.WriteAllText(_folder["target/written"], "up");
        Assert.True(File.Exists(_folder["tmpfs/upper/written"]));
    }

    [Fact]
    public void The_older_way_for_long_overlays_works_and_leaves_our_working_folder()
    {
        var before = Environment.CurrentDirectory;
        var options = OverlayOptions(80);
        var lower = options.Single(option => option.StartsWith("lowerdir=", StringComparison.Ordinal))["lowerdir=".Length..].Split(':');
        LongOverlay.MountFromCommonFolder(new("overlay", "overlay", "", options), MountFlags.None, [.. options.Where(option => !option.StartsWith("lowerdir=", StringComparison.Ordinal))], lower, _target);
        AssertLayers(80);
        Assert.Equal(before, Environment.CurrentDirectory);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(150)]
    public void A_missing_layer_of_a_long_overlay_is_an_error(int layer)
    {
        var options = OverlayOptions(200);
        Directory.Delete(_folder[$"tmpfs/{LayerName(layer)}"], recursive: true);
        var error = Assert.Throws<LinuxException>(() => Mounts.Mount(new("overlay", "overlay", "", options), _target));
        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Empty(MountLines(_target));
    }

    [Fact]
    public void Options_are_told_apart()
    {
        var parsed = MountOptions.Parse(new("overlay", "overlay", "", ["ro", "noexec", "rw", "index=off", "rslave", "relatime", "lowerdir=/a"]));
        Assert.Equal(MountFlags.NoExecute | MountFlags.RelativeAccessTime, parsed.Flags);
        Assert.Equal(MountFlags.Slave | MountFlags.Recursive, parsed.Propagation);
        Assert.Equal(["index=off", "lowerdir=/a"], parsed.Data);
        Assert.Throws<LinuxException>(() => MountOptions.Parse(new("ext4", "/image", "", ["loop"])));
    }

    [Theory]
    [InlineData("/a/b/1/fs:/a/b/2/fs", "/a/b/")]
    [InlineData("/a/b/12/fs:/a/b/13/fs", "/a/b/")]
    [InlineData("/a:/b", "/")]
    [InlineData("a/1:a/2", "")]
    public void The_common_folder_of_layers_is_found(string paths, string folder) =>
        Assert.Equal(folder, LongOverlay.CommonFolder(paths.Split(':')));

    private static string LayerName(int layer) => $"{layer:D3}-a-long-name-as-snapshotters-have";

    private static string[] MountLines(string target) =>
        [.. File.ReadAllLines("/proc/self/mountinfo").Where(line => line.Split(' ')[4] == target)];

    private List<string> OverlayOptions(int layers)
    {
        Mounts.Mount(new("tmpfs", "tmpfs", "", []), _folder.MakeFolder("tmpfs"));
        List<string> options = ["index=off", $"upperdir={_folder.MakeFolder("tmpfs/upper")}", $"workdir={_folder.MakeFolder("tmpfs/work")}"];
        var lower = Enumerable.Range(0, layers).Select(layer =>
        {
            var path = _folder.MakeFolder($"tmpfs/{LayerName(layer)}");
            _folder.Write($"tmpfs/{LayerName(layer)}/layer{layer}", "");
            _folder.Write($"tmpfs/{LayerName(layer)}/top", $"{layer}");
            return path;
        });
        return [.. options, "lowerdir=" + string.Join(':', lower)];
    }

    private void AssertLayers(int layers)
    {
        Assert.Equal(layers, Directory.GetFiles(_target, "layer*").Length);
        Assert.Equal("0", File.ReadAllText(_folder["target/top"]));
    }
}
