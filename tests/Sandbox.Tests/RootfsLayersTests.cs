using Microsoft.Win32.SafeHandles;
using Skiff.Linux;

namespace Skiff.Sandbox.Tests;

/// <summary>With a real overlay: what its files look like is the kernel's word.</summary>
public sealed class RootfsLayersTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skiff-layers-").FullName;
    private readonly MountPoint _overlay;

    public RootfsLayersTests()
    {
        foreach (var name in new[] { "low", "middle", "upper", "work", "rootfs" })
        {
            Directory.CreateDirectory(Path.Combine(_folder, name));
        }

        Put("low/app.wasm", "low");
        Put("low/shadowed.wasm", "of the lower");
        Put("middle/shadowed.wasm", "of the higher");
        Put("middle/deep/in.wasm", "deep");
        File.CreateSymbolicLink(Path.Combine(_folder, "middle/link.wasm"), "deep/in.wasm");
        _overlay = new("overlay", "overlay", "", [$"lowerdir={_folder}/middle:{_folder}/low", $"upperdir={_folder}/upper", $"workdir={_folder}/work"]);
        Mounts.Mount(_overlay, Rootfs);
    }

    private string Rootfs => Path.Combine(_folder, "rootfs");

    [Theory]
    [InlineData("app.wasm", "low/app.wasm")]
    [InlineData("shadowed.wasm", "middle/shadowed.wasm")]
    [InlineData("deep/in.wasm", "middle/deep/in.wasm")]
    [InlineData("link.wasm", "middle/deep/in.wasm")]
    public void A_file_of_the_image_is_found_in_its_layer(string name, string expected)
    {
        using var file = Open(Rootfs, name);
        using var committed = new RootfsLayers([_overlay], Rootfs).TryOpenCommitted(file);
        Assert.NotNull(committed);
        using var there = Open(_folder, expected);
        Assert.Equal(FileIdentity.Of(there), FileIdentity.Of(committed));
    }

    [Fact]
    public void What_the_container_wrote_is_not_the_image_s()
    {
        Put("rootfs/app.wasm", "changed");
        Put("rootfs/new.wasm", "new");
        var layers = new RootfsLayers([_overlay], Rootfs);
        using var changed = Open(Rootfs, "app.wasm");
        using var made = Open(Rootfs, "new.wasm");
        Assert.Null(layers.TryOpenCommitted(changed));
        Assert.Null(layers.TryOpenCommitted(made));
    }

    [Fact]
    public void What_lies_elsewhere_or_below_other_mounts_is_not_the_image_s()
    {
        using var outside = Open("/proc/self", "exe");
        using var inside = Open(Rootfs, "app.wasm");
        Assert.Null(new RootfsLayers([_overlay], Rootfs).TryOpenCommitted(outside));
        Assert.Null(new RootfsLayers([], Rootfs).TryOpenCommitted(inside));
        Assert.Null(new RootfsLayers([_overlay, _overlay], Rootfs).TryOpenCommitted(inside));
        Assert.Null(new RootfsLayers([_overlay with { Type = "bind" }], Rootfs).TryOpenCommitted(inside));
        Assert.Null(new RootfsLayers([_overlay with { Options = ["lowerdir=relative:/nowhere"] }], Rootfs).TryOpenCommitted(inside));
    }

    [Fact]
    public void A_file_that_only_has_the_same_name_is_not_taken()
    {
        using var file = Open(Rootfs, "app.wasm");
        Directory.CreateDirectory(Path.Combine(_folder, "other"));
        Put("other/app.wasm", "low");
        var mount = _overlay with { Options = [$"lowerdir={_folder}/other"] };
        Assert.Null(new RootfsLayers([mount], Rootfs).TryOpenCommitted(file));
    }

    public void Dispose()
    {
        Mounts.UnmountAll(Rootfs);
        Directory.Delete(_folder, recursive: true);
    }

    private void Put(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private static SafeFileHandle Open(string folder, string name) => File.OpenHandle(Path.Combine(folder, name));
}
