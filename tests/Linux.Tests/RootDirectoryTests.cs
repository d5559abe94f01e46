using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed class RootDirectoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RootDirectory _root;
    private readonly ReaperFixture _fixture;

    public RootDirectoryTests(ReaperFixture fixture)
    {
        _fixture = fixture;
        _folder.MakeFolder("root/bin");
        _folder.Write("secret", "outside");
        _folder.Write("root/bin/app.wasm", "inside");
        _root = new RootDirectory(_folder["root"]);
    }

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("/bin/app.wasm")]
    [InlineData("bin/app.wasm")]
    [InlineData("../../../bin/app.wasm")]
    [InlineData("bin/../bin/./app.wasm")]
    public void A_path_is_resolved_inside(string path)
    {
        using var file = _root.TryOpenFile(path);
        Assert.NotNull(file);
        Assert.Equal("inside", new StreamReader(new FileStream(file, FileAccess.Read)).ReadToEnd());
        Assert.Equal(0x8000, _root.TryGetMode(path) & 0xF000);
    }

    [Theory]
    [InlineData("/secret")]
    [InlineData("../secret")]
    [InlineData("../../../../secret")]
    public void Links_that_point_outside_are_resolved_inside_and_find_nothing(string target)
    {
        File.CreateSymbolicLink(_folder["root/link"], target);
        Assert.Null(_root.TryOpenFile("/link"));
        File.Delete(_folder["root/link"]);
        File.CreateSymbolicLink(_folder["root/link"], _folder["secret"]);
        Assert.Null(_root.TryOpenFile("/link"));
    }

    [Fact]
    public void A_link_is_read_and_not_followed()
    {
        File.CreateSymbolicLink(_folder["root/link"], "../secret");
        File.CreateSymbolicLink(_folder["root/folder"], "bin");
        Assert.True(_root.TryReadLink("/link", out var target));
        Assert.Equal("../secret", target);
        Assert.True(_root.TryReadLink("/folder/app.wasm", out target));
        Assert.Null(target);
        Assert.False(_root.TryReadLink("/nothing", out target));
    }

    [Fact]
    public void An_absolute_link_means_the_root_of_the_image()
    {
        File.CreateSymbolicLink(_folder["root/link"], "/bin/app.wasm");
        using var file = _root.TryOpenFile("link");
        Assert.NotNull(file);
    }

    [Fact]
    public void Loops_dangling_links_and_magic_links_find_nothing()
    {
        File.CreateSymbolicLink(_folder["root/a"], "b");
        File.CreateSymbolicLink(_folder["root/b"], "a");
        File.CreateSymbolicLink(_folder["root/dangling"], "nowhere");
        Assert.Null(_root.TryOpenFile("a"));
        Assert.Null(_root.TryGetMode("a"));
        Assert.Null(_root.TryOpenFile("dangling"));
        using var proc = new RootDirectory("/proc");
        Assert.Null(proc.TryOpenFile("self/fd/0"));
        Assert.Null(proc.TryOpenFile("self/root/etc/passwd"));
    }

    [Fact]
    public async Task A_fifo_a_device_a_socket_and_a_folder_are_not_files_and_do_not_hang()
    {
        await _fixture.RunShell($"mkfifo {_folder["root/fifo"]}; mknod {_folder["root/zero"]} c 1 5");
        using var socket = UnixListener.TryListen(_folder["root/socket"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        foreach (var name in (string[])["fifo", "zero", "socket", "bin", ".", "/"])
        {
            Assert.Null(_root.TryOpenFile(name));
            Assert.NotNull(_root.TryGetMode(name));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("bin/app.wasm\0.txt")]
    [InlineData("bin/app.wasm/deeper")]
    public void Paths_that_name_nothing_find_nothing(string path) => Assert.Null(_root.TryOpenFile(path));

    [Fact]
    public void A_path_without_end_finds_nothing() => Assert.Null(_root.TryOpenFile(new string('a', 100_000)));

    [Fact]
    public void A_missing_root_is_named()
    {
        var error = Assert.Throws<LinuxException>(() => new RootDirectory(_folder["nowhere"]));
        Assert.Contains(_folder["nowhere"], error.Message, StringComparison.Ordinal);
    }
}
