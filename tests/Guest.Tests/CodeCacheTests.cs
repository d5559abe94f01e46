namespace Skiff.Guest.Tests;

public sealed class CodeCacheTests
{
    [Fact]
    public void Compiled_code_is_found_only_in_a_folder_that_nobody_else_can_write()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(folder.Path);
        var digest = ContentDigest.Of("module"u8);
        Assert.Null(cache.TryOpen(digest));

        Directory.CreateDirectory(cache.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllBytes(cache.PathOf(digest, CodeKind.Component), Elf(length: 128));
        using (var entry = cache.TryOpen(digest)!.Handle)
        {
            Assert.False(entry.IsInvalid);
        }

        File.SetUnixFileMode(cache.Folder, (UnixFileMode)0b111_111_111);
        Assert.Throws<IOException>(() => cache.TryOpen(digest));
    }

    [Fact]
    public void A_shortened_entry_is_no_entry()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(folder.Path);
        var digest = ContentDigest.Of("module"u8);
        Directory.CreateDirectory(cache.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllBytes(cache.PathOf(digest, CodeKind.Module), Elf(length: 128)[..100]);
        Assert.Null(cache.TryOpen(digest));
    }

    [Fact]
    public void What_is_not_a_digest_never_becomes_a_path()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<ArgumentException>(() => new CodeCache(folder.Path).TryOpen("../etc/passwd"));
    }

    // ELF header with one section header entry of 64 bytes as the last thing in the file.
    private static byte[] Elf(int length)
    {
        var elf = new byte[length];
        "\u007fELF"u8.CopyTo(elf);
        BitConverter.TryWriteBytes(elf.AsSpan(40), (ulong)(length - 64));
        BitConverter.TryWriteBytes(elf.AsSpan(58), (ushort)64);
        BitConverter.TryWriteBytes(elf.AsSpan(60), (ushort)1);
        return elf;
    }
}
