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
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_000_000);
        File.WriteAllBytes(cache.PathOf(digest, CodeKind.Module), Elf(length: 128));
        using (var entry = cache.TryOpen(digest)!)
        {
            Assert.False(entry.Handle.IsInvalid);
            Assert.Equal(CodeKind.Module, entry.Kind);
            Assert.Empty(entry.Modules);
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

    [Fact]
    public void An_inserted_entry_is_found_closed_and_read_only()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "a", "cache"));
        var digest = ContentDigest.Of("module"u8);
        var path = cache.InsertModule(digest, Elf(length: 200));
        Assert.Equal((UnixFileMode)0b100_100_100, File.GetUnixFileMode(path));
        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(cache.Folder));
        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(cache.Root));
        using var entry = cache.TryOpen(digest)!;
        Assert.Equal([path], Directory.GetFiles(cache.Folder));
    }

    [Fact]
    public void Removing_an_entry_leaves_it_to_who_has_it_open()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(folder.Path);
        var digest = ContentDigest.Of("module"u8);
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_000_000);
        cache.InsertModule(digest, Elf(length: 200));
        using var entry = cache.TryOpen(digest)!;
        cache.Remove(digest);
        Assert.Null(cache.TryOpen(digest));
        Assert.Equal(200, RandomAccess.GetLength(entry.Handle));
    }

    [Fact]
    public void The_longest_unused_go_first_and_the_new_one_never()
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTime();
        var cache = new CodeCache(folder.Path, time);
        var digests = Enumerable.Range(0, 4).Select(number => ContentDigest.Of([(byte)number])).ToArray();
        foreach (var digest in digests)
        {
            File.SetLastWriteTimeUtc(cache.InsertModule(digest, Elf(length: 1000)), time.GetUtcNow().UtcDateTime);
            time.Advance(TimeSpan.FromHours(1));
        }

        // The oldest is used again, so the second goes first.
        cache.TryOpen(digests[0])!.Dispose();
        Assert.Equal([digests[1], digests[2], digests[3], digests[0]], cache.List().Select(item => item.Digest));
        Assert.Equal(2000, cache.Clean(bytesMax: 2500));
        Assert.Equal([digests[3], digests[0]], cache.List().Select(item => item.Digest));
        Assert.Equal(1000, cache.Clean(bytesMax: 1, keep: digests[3]));
        Assert.Equal([digests[3]], cache.List().Select(item => item.Digest));
    }

    [Fact]
    public void Leftovers_of_killed_processes_and_other_versions_go_when_they_are_old()
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTime();
        var cache = new CodeCache(folder.Path, time);
        cache.CreateFolders();
        var temporary = Path.Combine(cache.Folder, "new-1234");
        var other = Path.Combine(folder.Path, "wasmtime-49.0.0-s1-x64-12345678");
        var foreign = Path.Combine(folder.Path, "something");
        Directory.CreateDirectory(other);
        Directory.CreateDirectory(foreign);
        File.WriteAllText(temporary, "half");
        File.WriteAllText(Path.Combine(other, "x.module.cwasm"), "old");
        time.Set(DateTimeOffset.UtcNow);
        cache.Clean(bytesMax: 1 << 20);
        Assert.True(File.Exists(temporary) && Directory.Exists(other), "fresh ones may be in use");
        time.Advance(TimeSpan.FromDays(2));
        cache.Clean(bytesMax: 1 << 20);
        Assert.False(File.Exists(temporary) || Directory.Exists(other));
        Assert.True(Directory.Exists(foreign), "what is not ours stays");
    }

    [Fact]
    public void Using_an_entry_marks_it_at_most_once_a_minute()
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTime();
        var cache = new CodeCache(folder.Path, time);
        var digest = ContentDigest.Of("module"u8);
        var path = cache.InsertModule(digest, Elf(length: 200));
        time.Set(new DateTimeOffset(File.GetLastWriteTimeUtc(path)) + TimeSpan.FromSeconds(30));
        cache.TryOpen(digest)!.Dispose();
        Assert.NotEqual(time.GetUtcNow().UtcDateTime, File.GetLastWriteTimeUtc(path));
        time.Advance(TimeSpan.FromMinutes(1));
        cache.TryOpen(digest)!.Dispose();
        Assert.Equal(time.GetUtcNow().UtcDateTime, File.GetLastWriteTimeUtc(path));
    }

    [Fact]
    public void A_component_is_there_when_all_its_modules_are()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        var (component, one, two) = (ContentDigest.Of("component"u8), ContentDigest.Of("one"u8), ContentDigest.Of("two"u8));
        cache.InsertModule(one, Elf(length: 200));
        cache.InsertComponent(component, Component, [one, two, one]);
        Assert.Null(cache.TryOpen(component));
        Assert.False(cache.HasModule(two));
        cache.InsertModule(two, Elf(length: 300));
        Assert.True(cache.HasModule(two));
        using (var entry = cache.TryOpen(component)!)
        {
            Assert.Equal(CodeKind.Component, entry.Kind);
            Assert.Equal([200, 300, 200], entry.Modules.Select(module => RandomAccess.GetLength(module.Handle)));
            Assert.Equal(
                [cache.PathOf(one, CodeKind.Module), cache.PathOf(two, CodeKind.Module), cache.PathOf(one, CodeKind.Module)], entry.Code.Modules);
            Assert.Equal(cache.PathOf(component, CodeKind.Component), entry.Code.Path);
        }

        // A module that became short is as one that is missing.
        File.WriteAllBytes(folder.Path + "/short", Elf(length: 300)[..100]);
        File.Move(folder.Path + "/short", cache.PathOf(two, CodeKind.Module), overwrite: true);
        Assert.Null(cache.TryOpen(component));
    }

    [Fact]
    public void Removing_a_component_removes_its_modules()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        var (component, module, other) = (ContentDigest.Of("component"u8), ContentDigest.Of("one"u8), ContentDigest.Of("other"u8));
        cache.InsertModule(module, Elf(length: 200));
        cache.InsertModule(other, Elf(length: 200));
        cache.InsertComponent(component, Component, [module]);
        cache.Remove(component);
        Assert.Equal([other], cache.List().Select(item => item.Digest));
    }

    [Fact]
    public void Cleaning_keeps_the_modules_of_the_new_component()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        var (component, module, other) = (ContentDigest.Of("component"u8), ContentDigest.Of("one"u8), ContentDigest.Of("other"u8));
        cache.InsertModule(module, Elf(length: 200));
        cache.InsertComponent(component, Component, [module]);
        cache.InsertModule(other, Elf(length: 200));
        Assert.Equal(200, cache.Clean(bytesMax: 1, keep: component));
        Assert.Equal(
            [(module, CodeKind.Module), (component, CodeKind.Component)],
            cache.List().Select(item => (item.Digest, item.Kind)).OrderBy(item => item.Kind));
        using var entry = cache.TryOpen(component);
        Assert.NotNull(entry);
    }

    // An empty component.
    private static byte[] Component => [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

    // ELF header with one section header entry of 64 bytes as the last thing in the file.
    [Fact]
    public void Baseline_code_serves_until_there_is_optimised_code()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        var (component, module) = (ContentDigest.Of("component"u8), ContentDigest.Of("module"u8));
        cache.Baseline.InsertModule(module, Elf(length: 200));
        cache.Baseline.InsertComponent(component, [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0], [module]);
        Assert.Null(cache.TryOpen(component));
        using (var entry = cache.TryOpenBest(component)!)
        {
            Assert.True(entry.Code.IsBaseline);
        }

        // Another component brought one of the modules: the baseline entry stays whole.
        cache.InsertModule(module, Elf(length: 200));
        Assert.Equal(0, cache.Clean(long.MaxValue));
        cache.TryOpenBest(component)!.Dispose();

        cache.InsertComponent(component, [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0], [module]);
        Assert.NotEqual(0, cache.Clean(long.MaxValue));
        Assert.Empty(cache.Baseline.List());
        using var better = cache.TryOpenBest(component)!;
        Assert.False(better.Code.IsBaseline);
    }

    [Fact]
    public void Cleaning_counts_baseline_code_too_and_keeps_what_was_just_made()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        var (first, second) = (ContentDigest.Of("first"u8), ContentDigest.Of("second"u8));
        cache.InsertModule(first, Elf(length: 200));
        cache.Baseline.InsertModule(second, Elf(length: 200));
        cache.Clean(bytesMax: 1, keep: second);
        Assert.Empty(cache.List());
        Assert.Equal([second], cache.Baseline.List().Select(item => item.Digest));
    }

    [Fact]
    public void The_optimised_code_is_claimed_by_one_and_again_when_that_one_has_failed_long_ago()
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTime();
        time.Set(DateTimeOffset.UtcNow);
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"), time);
        var digest = ContentDigest.Of("module"u8);
        Assert.False(cache.IsClaimed(digest));
        Assert.True(cache.TryClaim(digest));
        Assert.True(cache.IsClaimed(digest));
        Assert.False(cache.TryClaim(digest));
        cache.RemoveClaim(digest);
        Assert.True(cache.TryClaim(digest));
        time.Advance(TimeSpan.FromHours(2));
        Assert.False(cache.IsClaimed(digest));
        Assert.True(cache.TryClaim(digest));
    }

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
