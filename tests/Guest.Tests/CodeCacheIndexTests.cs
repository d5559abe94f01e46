namespace Skiff.Guest.Tests;

public sealed class CodeCacheIndexTests
{
    private static readonly string Digest = ContentDigest.Of("module"u8);

    [Fact]
    public void A_file_is_recalled_by_its_identity_only()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        Assert.Null(cache.TryRecall("8-1"));

        cache.Remember("8-1", Digest);
        cache.Remember("8-1", Digest);

        Assert.Equal(Digest, cache.TryRecall("8-1"));
        Assert.Null(cache.TryRecall("8-2"));
    }

    [Fact]
    public void An_identity_never_leads_out_of_the_cache()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(folder.Path);
        Assert.Throws<ArgumentException>(() => cache.TryRecall("../x"));
        Assert.Throws<ArgumentException>(() => cache.Remember("a/b", Digest));
    }

    [Fact]
    public void What_is_not_a_digest_is_not_recalled()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        cache.CreateFolders();
        File.CreateSymbolicLink(Path.Combine(cache.Folder, "file-8-1"), "/etc/passwd");
        Assert.Null(cache.TryRecall("8-1"));
    }

    [Fact]
    public void An_index_that_others_can_write_is_refused()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        cache.Remember("8-1", Digest);
        File.SetUnixFileMode(cache.Folder, (UnixFileMode)0b111_111_111);
        Assert.Throws<IOException>(() => cache.TryRecall("8-1"));
    }

    [Fact]
    public void Cleaning_leaves_only_what_has_code()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        cache.InsertModule(Digest, new byte[100]);
        cache.Remember("8-1", Digest);
        cache.Remember("8-2", ContentDigest.Of("gone"u8));

        cache.Clean(bytesMax: 1000);
        Assert.Equal(Digest, cache.TryRecall("8-1"));
        Assert.Null(cache.TryRecall("8-2"));

        cache.Clean(bytesMax: 0);
        Assert.Null(cache.TryRecall("8-1"));
    }
}
