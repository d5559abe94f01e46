using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed class DescriptorsTests(ReaperFixture fixture)
{
    [Fact]
    public void A_pipe_carries_bytes_and_ends_with_its_writer()
    {
        var (read, write) = Descriptors.Pipe();
        using var reader = new FileStream(read, FileAccess.Read, 1);
        using (var writer = new FileStream(write, FileAccess.Write, 1))
        {
            writer.Write("hello"u8);
        }

        Assert.Equal("hello", new StreamReader(reader).ReadToEnd());
    }

    [Fact]
    public async Task A_child_talks_through_its_end_of_a_socket_pair()
    {
        var (ours, theirs) = Descriptors.SocketPair();
        using var socket = ours;
        using var stream = new NetworkStream(ours);
        var child = fixture.Reaper.Spawn(ReaperFixture.Shell("read line <&3; echo got $line >&3") with { Inherited = [theirs] });
        theirs.Dispose();
        await stream.WriteAsync("start\n"u8.ToArray());
        Assert.Equal("got start", await new StreamReader(stream).ReadToEndAsync() is var text ? text.TrimEnd() : "");
        await child.Exit;
    }

    [Fact]
    public void A_log_file_is_appended_to_and_its_folders_are_made()
    {
        using var folder = new TemporaryFolder();
        foreach (var text in (string[])["one", "two"])
        {
            using var file = Descriptors.OpenAppend(folder["a/b/log"]);
            using var stream = new FileStream(file, FileAccess.Write, 1);
            stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
        }

        Assert.Equal("onetwo", File.ReadAllText(folder["a/b/log"]));
        Assert.Equal((UnixFileMode)0x1A4, File.GetUnixFileMode(folder["a/b/log"]));
        Assert.Equal((UnixFileMode)0x1ED, File.GetUnixFileMode(folder["a/b"]));
    }

    [Fact]
    public void A_memory_file_is_read_from_its_start()
    {
        using var file = Descriptors.Memory("code", "content"u8);
        using var stream = new FileStream(file, FileAccess.Read, 1);
        Assert.Equal("content", new StreamReader(stream).ReadToEnd());
    }

    [Fact]
    public void An_inherited_descriptor_is_taken_and_not_passed_on()
    {
        using var copy = Descriptors.Duplicate(Descriptors.Memory("m", "x"u8));
        using var taken = new SafeFileHandle(Libc.fcntl(copy, 0, 0), ownsHandle: false);
        using var owned = Descriptors.TakeInherited((int)taken.DangerousGetHandle());
        Assert.Equal(Libc.FD_CLOEXEC, Libc.fcntl(owned, Libc.F_GETFD, 0));
        Assert.Equal(Errno.EBADF, Assert.Throws<LinuxException>(() => Descriptors.TakeInherited(9999)).Errno);
    }
}
