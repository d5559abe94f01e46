using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed class RotatedLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string LogPath => _folder["log"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_begins_anew_when_it_has_grown_too_large_and_keeps_the_last_part()
    {
        using var log = new RotatedLog(LogPath, bytesMax: 100);
        for (var i = 0; i < 100; i++)
        {
            log.Write("0123456789\n"u8);
        }

        Assert.InRange(new FileInfo(LogPath).Length, 11, 111);
        Assert.InRange(new FileInfo(LogPath + ".old").Length, 101, 111);
    }

    [Fact]
    public void What_is_there_is_appended_to()
    {
        File.WriteAllText(LogPath, "before\n");
        using (var log = new RotatedLog(LogPath, bytesMax: 100))
        {
            log.Write("after\n"u8);
        }

        Assert.Equal("before\nafter\n", File.ReadAllText(LogPath));
    }

    [Fact]
    public void A_line_that_cannot_be_written_is_dropped_and_the_next_one_tried()
    {
        Directory.CreateDirectory(LogPath);
        using var log = new RotatedLog(LogPath, bytesMax: 100);
        log.Write("lost\n"u8);
        Directory.Delete(LogPath);
        log.Write("kept\n"u8);
        Assert.Equal("kept\n", File.ReadAllText(LogPath));
    }
}
