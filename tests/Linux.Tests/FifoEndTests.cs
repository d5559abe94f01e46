using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed class FifoEndTests(ReaperFixture fixture)
{
    [Fact]
    public async Task A_fifo_is_opened_to_read_without_a_writer()
    {
        using var folder = new TemporaryFolder();
        await fixture.RunShell($"mkfifo {folder["fifo"]}");
        using var read = FifoEnd.OpenRead(folder["fifo"]);
        using var write = FifoEnd.OpenWrite(folder["fifo"]);
        using var reader = new FileStream(read, FileAccess.Read, 0);
        using var writer = new FileStream(write, FileAccess.Write, 0);
        writer.Write("x"u8);
        Assert.Equal('x', reader.ReadByte());
        Assert.Equal(0, Libc.fcntl(read, Libc.F_GETFL, 0) & Libc.O_NONBLOCK);
        Assert.Equal(0, Libc.fcntl(write, Libc.F_GETFL, 0) & Libc.O_NONBLOCK);
    }

    [Fact]
    public async Task What_nobody_has_read_yet_is_counted_at_either_end()
    {
        using var folder = new TemporaryFolder();
        await fixture.RunShell($"mkfifo {folder["fifo"]}");
        using var read = FifoEnd.OpenRead(folder["fifo"]);
        using var write = FifoEnd.OpenWrite(folder["fifo"]);
        Assert.Equal(0, FifoEnd.Unread(read));
        StreamIO.Write(write, "four"u8);
        Assert.Equal(4, FifoEnd.Unread(read));
        Assert.Equal(4, FifoEnd.Unread(write));
        StreamIO.Read(read, new byte[3]);
        Assert.Equal(1, FifoEnd.Unread(read));
    }

    [Fact]
    public async Task A_fifo_without_a_reader_cannot_be_written()
    {
        using var folder = new TemporaryFolder();
        await fixture.RunShell($"mkfifo {folder["fifo"]}");
        Assert.Equal(Errno.ENXIO, Assert.Throws<LinuxException>(() => FifoEnd.OpenWrite(folder["fifo"])).Errno);
    }

    [Fact]
    public void A_missing_fifo_and_a_file_in_its_place_are_named()
    {
        using var folder = new TemporaryFolder();
        folder.Write("file", "");
        var missing = Assert.Throws<LinuxException>(() => FifoEnd.OpenRead(folder["missing"]));
        var wrong = Assert.Throws<LinuxException>(() => FifoEnd.OpenRead(folder["file"]));
        Assert.Equal(Errno.ENOENT, missing.Errno);
        Assert.Contains(folder["missing"], missing.Message, StringComparison.Ordinal);
        Assert.Contains("not a FIFO", wrong.Message, StringComparison.Ordinal);
    }
}
