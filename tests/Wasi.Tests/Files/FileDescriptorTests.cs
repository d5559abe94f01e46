using System.Diagnostics;
using System.Text;
using Skiff.Linux.Files;
using Skiff.Wasi.Files;
using Skiff.Wasi.Quotas;

namespace Skiff.Wasi.Tests.Files;

public sealed class FileDescriptorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ReadinessLoop _readiness = new();
    private readonly QuotaShare _quota = new(new CountQuota(20));
    private readonly FileDescriptor _root;

    public FileDescriptorTests()
    {
        Directory.CreateDirectory(_folder["in/dir/nested"]);
        File.WriteAllText(_folder["secret"], "outside");
        File.WriteAllText(_folder["in/dir/nested/file"], "inside");
        File.CreateSymbolicLink(_folder["in/absolute"], _folder["secret"]);
        File.CreateSymbolicLink(_folder["in/upwards"], "../secret");
        File.CreateSymbolicLink(_folder["in/inside"], "dir/nested/file");
        File.CreateSymbolicLink(_folder["in/loop"], "loop");
        File.CreateSymbolicLink(_folder["in/out"], "..");
        _root = FileDescriptor.OpenRoot(_folder["in"], readOnly: false, _readiness, _quota);
    }

    public void Dispose()
    {
        _root.Dispose();
        _readiness.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("dir/nested/file", WasiErrno.Success)]
    [InlineData("dir/.//nested/../../dir/nested/../nested///./file", WasiErrno.Success)]
    [InlineData("inside", WasiErrno.Success)]
    [InlineData("dir/nested/", WasiErrno.Success)]
    [InlineData(".", WasiErrno.Success)]
    [InlineData("", WasiErrno.NoEntry)]
    [InlineData("missing", WasiErrno.NoEntry)]
    [InlineData("dir/nested/file/", WasiErrno.NotDirectory)]
    [InlineData("dir/nested/file\0", WasiErrno.Invalid)]
    [InlineData("/dir/nested/file", WasiErrno.NotPermitted)]
    [InlineData("..", WasiErrno.NotPermitted)]
    [InlineData("../in/dir", WasiErrno.NotPermitted)]
    [InlineData("dir/../../secret", WasiErrno.NotPermitted)]
    [InlineData("absolute", WasiErrno.NotPermitted)]
    [InlineData("upwards", WasiErrno.NotPermitted)]
    [InlineData("out/secret", WasiErrno.NotPermitted)]
    [InlineData("loop", WasiErrno.Loop)]
    public void Opening_stays_inside(string path, WasiErrno expected)
    {
        var error = _root.Open(Bytes(path), OpenRequest.Read | OpenRequest.FollowSymbolicLink, out var opened);
        opened?.Dispose();
        Assert.Equal(expected, error);
        Assert.Equal(expected, _root.StatAt(Bytes(path), follow: true, out _));
    }

    [Fact]
    public void No_call_on_a_path_leads_out()
    {
        foreach (var path in new[] { "..", "../x", "../secret", "out/x", "out/secret", "/x", "dir/../../x", "out/", "../" })
        {
            var bytes = Bytes(path);
            Assert.NotEqual(WasiErrno.Success, _root.CreateDirectoryAt(bytes));
            Assert.NotEqual(WasiErrno.Success, _root.RemoveDirectoryAt(bytes));
            Assert.NotEqual(WasiErrno.Success, _root.UnlinkFileAt(bytes));
            Assert.NotEqual(WasiErrno.Success, _root.RenameAt(bytes, _root, Bytes("stolen")));
            Assert.NotEqual(WasiErrno.Success, _root.RenameAt(Bytes("dir"), _root, bytes));
            Assert.NotEqual(WasiErrno.Success, _root.LinkAt(bytes, false, _root, Bytes("stolen")));
            Assert.NotEqual(WasiErrno.Success, _root.LinkAt(Bytes("dir/nested/file"), false, _root, bytes));
            Assert.NotEqual(WasiErrno.Success, _root.CreateSymbolicLinkAt(Bytes("x"), bytes));
            Assert.NotEqual(WasiErrno.Success, _root.SetTimesAt(bytes, true, FileTime.Now, FileTime.Now));
            Assert.NotEqual(WasiErrno.Success, _root.ReadSymbolicLinkAt(bytes, new byte[100], out _));
            Assert.NotEqual(WasiErrno.Success, _root.StatAt(bytes, true, out _));
        }

        Assert.NotEqual(WasiErrno.Success, _root.CreateSymbolicLinkAt(Bytes("/etc"), Bytes("etc")));
        Assert.Equal(WasiErrno.NotPermitted, _root.ReadSymbolicLinkAt(Bytes("absolute"), new byte[100], out _));
        Assert.Equal(["in", "secret"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
        Assert.False(File.Exists(_folder["in/stolen"]));
    }

    [Fact]
    public void What_is_made_read_and_removed_is_on_the_disk()
    {
        Assert.Equal(WasiErrno.Success, _root.CreateDirectoryAt(Bytes("new/")));
        Assert.Equal(WasiErrno.Exist, _root.CreateDirectoryAt(Bytes("new")));
        Assert.Equal(WasiErrno.Success, Open("new/file", OpenRequest.Read | OpenRequest.Write | OpenRequest.Create, out var file));
        Assert.Equal(WasiErrno.Success, file!.Write("12345"u8, out var count));
        Assert.Equal(5, count);
        Assert.Equal(WasiErrno.Success, file.Write("abc"u8, 1, out _));
        Assert.Equal("1abc5", File.ReadAllText(_folder["in/new/file"]));
        Assert.Equal(WasiErrno.Success, file.Seek(-2, 2, out var position));
        Assert.Equal(3ul, position);
        var buffer = new byte[10];
        Assert.Equal(WasiErrno.Success, file.Read(buffer, out count));
        Assert.Equal("c5", Encoding.ASCII.GetString(buffer, 0, count));
        Assert.Equal(WasiErrno.Success, file.SetSize(2));
        Assert.Equal(WasiErrno.Success, file.Append("z"u8, out _));
        Assert.Equal("1az", File.ReadAllText(_folder["in/new/file"]));
        Assert.Equal(WasiErrno.Exist, Open("new/file", OpenRequest.Write | OpenRequest.Create | OpenRequest.Exclusive, out _));
        file.Dispose();

        Assert.Equal(WasiErrno.Success, _root.LinkAt(Bytes("new/file"), false, _root, Bytes("hard")));
        Assert.Equal(WasiErrno.Success, _root.StatAt(Bytes("hard"), true, out var stat));
        Assert.Equal((2ul, 3ul, FileType.Regular), (stat.Links, stat.Size, stat.Type));
        Assert.Equal(WasiErrno.Success, _root.CreateSymbolicLinkAt(Bytes("new/file"), Bytes("soft")));
        Assert.Equal(WasiErrno.Success, _root.ReadSymbolicLinkAt(Bytes("soft"), buffer, out count));
        Assert.Equal("new/file", Encoding.ASCII.GetString(buffer, 0, count));
        Assert.Equal(WasiErrno.Loop, Open("soft", OpenRequest.Read, out _));
        Assert.Equal(WasiErrno.Success, _root.StatAt(Bytes("soft"), false, out stat));
        Assert.Equal(FileType.SymbolicLink, stat.Type);
        Assert.Equal(WasiErrno.Success, _root.SetTimesAt(Bytes("hard"), true, new FileTime(1, 2), new FileTime(3, 4)));
        Assert.Equal(WasiErrno.Success, _root.StatAt(Bytes("new/file"), true, out stat));
        Assert.Equal((1_000_000_002, 3_000_000_004), ((long)stat.AccessTime, (long)stat.ModificationTime));

        Assert.Equal(WasiErrno.NotEmpty, _root.RemoveDirectoryAt(Bytes("new")));
        Assert.Equal(WasiErrno.NotDirectory, _root.RemoveDirectoryAt(Bytes("hard")));
        Assert.Equal(WasiErrno.IsDirectory, _root.UnlinkFileAt(Bytes("new")));
        Assert.Equal(WasiErrno.NotDirectory, _root.UnlinkFileAt(Bytes("hard/")));
        Assert.Equal(WasiErrno.Success, _root.RenameAt(Bytes("hard"), _root, Bytes("new/other")));
        Assert.Equal(WasiErrno.Success, _root.UnlinkFileAt(Bytes("new/other")));
        Assert.Equal(WasiErrno.Success, _root.UnlinkFileAt(Bytes("new/file")));
        Assert.Equal(WasiErrno.Success, _root.UnlinkFileAt(Bytes("soft")));
        Assert.Equal(WasiErrno.Success, _root.RemoveDirectoryAt(Bytes("new/")));
    }

    [Fact]
    public void A_read_only_grant_refuses_every_change_also_below()
    {
        using var root = FileDescriptor.OpenRoot(_folder["in"], readOnly: true, _readiness, _quota);
        Assert.Equal(WasiErrno.Success, root.Open("dir"u8, OpenRequest.Read | OpenRequest.Directory, out var below));
        using (below)
        {
            File.CreateSymbolicLink(_folder["in/nested"], "dir/nested");
            foreach (var directory in new[] { root, below! })
            {
                Assert.Equal(WasiErrno.ReadOnly, directory.CreateDirectoryAt("x"u8));
                Assert.Equal(WasiErrno.ReadOnly, directory.RemoveDirectoryAt("nested"u8));
                Assert.Equal(WasiErrno.ReadOnly, directory.UnlinkFileAt("inside"u8));
                Assert.Equal(WasiErrno.ReadOnly, directory.RenameAt("nested"u8, _root, "x"u8));
                Assert.Equal(WasiErrno.ReadOnly, _root.RenameAt("dir"u8, directory, "x"u8));
                Assert.Equal(WasiErrno.ReadOnly, directory.LinkAt("nested/file"u8, false, _root, "x"u8));
                Assert.Equal(WasiErrno.ReadOnly, directory.CreateSymbolicLinkAt("y"u8, "x"u8));
                Assert.Equal(WasiErrno.ReadOnly, directory.SetTimesAt("."u8, true, FileTime.Now, FileTime.Now));
                Assert.Equal(WasiErrno.ReadOnly, directory.SetTimes(FileTime.Now, FileTime.Now));
                Assert.Equal(WasiErrno.ReadOnly, directory.Open("new"u8, OpenRequest.Read | OpenRequest.Create, out _));
                Assert.Equal(WasiErrno.ReadOnly, directory.Open("nested/file"u8, OpenRequest.Write, out _));
                Assert.Equal(WasiErrno.ReadOnly, directory.Open("nested/file"u8, OpenRequest.Read | OpenRequest.Truncate, out _));
            }

            Assert.Equal(WasiErrno.Success, below!.Open("nested/file"u8, OpenRequest.Read | OpenRequest.Create, out var file));
            Assert.Equal(WasiErrno.BadDescriptor, file!.Write("x"u8, out _));
            Assert.Equal(WasiErrno.ReadOnly, file.SetSize(0));
            Assert.Equal(WasiErrno.ReadOnly, file.Allocate(0, 100));
            Assert.Equal(WasiErrno.ReadOnly, file.SetTimes(FileTime.Now, FileTime.Now));
            file.Dispose();
        }

        Assert.Equal("inside", File.ReadAllText(_folder["in/dir/nested/file"]));
    }

    [Fact]
    public async Task A_FIFO_in_a_granted_directory_does_not_hold_the_host_up()
    {
        Process.Start("mkfifo", _folder["in/fifo"]).WaitForExit();
        Assert.Equal(WasiErrno.Success, Open("fifo", OpenRequest.Read, out var reader));
        using (reader)
        {
            Assert.True(reader!.IsStream);
            Assert.Equal(WasiErrno.Again, reader.Read(new byte[10], out _));
            var waiting = reader.WaitAsync(Readiness.Readable, CancellationToken.None);
            Assert.False(waiting.IsCompleted);
            Assert.Equal(WasiErrno.Success, Open("fifo", OpenRequest.Write, out var writer));
            Assert.Equal(WasiErrno.Success, writer!.Write("x"u8, out _));
            await waiting;
            Assert.Equal(WasiErrno.Success, reader.Read(new byte[10], out var count));
            Assert.Equal(1, count);
            writer.Dispose();
        }
    }

    [Fact]
    public void Descriptors_are_bounded_and_given_back()
    {
        var open = new List<FileDescriptor>();
        while (Open("dir", OpenRequest.Read, out var opened) == WasiErrno.Success)
        {
            open.Add(opened!);
        }

        Assert.Equal(20, open.Count);
        Assert.Equal(WasiErrno.TooManyFiles, Open("dir", OpenRequest.Read, out _));
        Assert.Equal(WasiErrno.TooManyFiles, _root.List(out _));
        open.ForEach(descriptor => descriptor.Dispose());
        Assert.Equal(WasiErrno.Success, _root.List(out var listing));
        listing!.Dispose();
    }

    [Fact]
    public void A_listing_names_each_entry_once()
    {
        for (var i = 0; i < 1000; i++)
        {
            File.WriteAllText(_folder[$"in/dir/file-{i}"], "");
        }

        Open("dir", OpenRequest.Read, out var directory);
        directory!.List(out var listing);
        var names = new List<string>();
        while (listing!.Next(out var type, out var name) == WasiErrno.Success && !name.IsEmpty)
        {
            names.Add(Encoding.UTF8.GetString(name));
            Assert.Equal(names[^1] == "nested" ? FileType.Directory : FileType.Regular, type);
        }

        Assert.Equal(1001, names.Count);
        Assert.Equal(1001, names.Distinct().Count());
        listing.Dispose();
        directory.Dispose();
    }

    [Fact]
    public void A_directory_that_turns_into_a_link_and_back_never_leads_out()
    {
        // The guest opens race/secret while another process swaps race between a directory and a link that leads out.
        Directory.CreateDirectory(_folder["in/race"]);
        File.WriteAllText(_folder["in/race/secret"], "inside");
        var stop = false;
        var swapper = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                Directory.Move(_folder["in/race"], _folder["in/aside"]);
                File.CreateSymbolicLink(_folder["in/race"], "..");
                File.Delete(_folder["in/race"]);
                Directory.Move(_folder["in/aside"], _folder["in/race"]);
            }
        });
        swapper.Start();
        var (inside, refused) = (0, 0);
        var buffer = new byte[16];
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromSeconds(2))
        {
            switch (Open("race/secret", OpenRequest.Read | OpenRequest.FollowSymbolicLink, out var opened))
            {
                case WasiErrno.Success:
                    opened!.Read(buffer, out var count);
                    Assert.Equal("inside", Encoding.ASCII.GetString(buffer, 0, count));
                    opened.Dispose();
                    inside++;
                    break;
                case WasiErrno.NotPermitted:
                    refused++;
                    break;
                case var error:
                    Assert.Contains(error, new[] { WasiErrno.NoEntry, WasiErrno.Busy });
                    break;
            }

            _root.UnlinkFileAt("race/absent"u8);
            _root.SetTimesAt("race/secret"u8, true, FileTime.Omit, new FileTime(1, 0));
            _root.RenameAt("race/secret"u8, _root, "race/secret"u8);
        }

        Volatile.Write(ref stop, true);
        swapper.Join();
        Assert.True(inside > 0 && refused > 0, $"{inside} opened, {refused} refused: the race was not run");
        Assert.NotEqual(DateTime.UnixEpoch.AddSeconds(1), File.GetLastWriteTimeUtc(_folder["secret"]));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private WasiErrno Open(string path, OpenRequest request, out FileDescriptor? opened) => _root.Open(Bytes(path), request, out opened);
}
