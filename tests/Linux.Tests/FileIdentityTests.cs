using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed class FileIdentityTests
{
    [Fact]
    public void A_file_that_is_written_in_place_becomes_another()
    {
        using var folder = new TemporaryFolder();
        folder.Write("file", "one");
        File.SetLastWriteTimeUtc(folder["file"], DateTime.UnixEpoch);
        var before = Identity(folder["file"]);
        Assert.Equal(before, Identity(folder["file"]));
        Assert.Equal(3, before.Bytes);
        Assert.Equal(0, before.Modified);

        // As a hostile program would: same length, same time of modification.
        while (Identity(folder["file"]).Changed == before.Changed)
        {
            File.WriteAllText(folder["file"], "two");
            File.SetLastWriteTimeUtc(folder["file"], DateTime.UnixEpoch);
        }

        var after = Identity(folder["file"]);
        Assert.Equal(before with { Changed = after.Changed }, after);
        Assert.True(after.Changed > before.Changed);
    }

    [Fact]
    public void Only_a_change_of_long_ago_is_settled()
    {
        var now = (Int128)(TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        Assert.False(new FileIdentity(1, 1, 1, 0, now).IsSettled(TimeProvider.System));
        Assert.False(new FileIdentity(1, 1, 1, 0, now + 10_000_000_000).IsSettled(TimeProvider.System));
        Assert.True(new FileIdentity(1, 1, 1, 0, now - 10_000_000_000).IsSettled(TimeProvider.System));
    }

    [Fact]
    public void It_can_be_the_name_of_a_file() =>
        Assert.Matches("^[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-[0-9]+-[0-9]+$", Identity("/proc/self/exe").ToString());

    private static FileIdentity Identity(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return FileIdentity.Of(file);
    }
}
