using System.Text;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner;
using Skiff.Runner.Tests;

namespace Skiff.Cli.Tests;

public sealed class ModuleCompilerTests
{
    private static readonly byte[] Hello = Encoding.UTF8.GetBytes(Texts.Hello);

    [Fact]
    public async Task Many_at_once_compile_once()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        // Threads of their own: each waits for the lock while it holds its thread.
        var modules = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () => Compiler(cache).Compile("hello", Hello),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        Assert.Single(modules, module => !module.WasCached);
        Assert.Single(modules.Select(module => module.Code.Path).Distinct());
    }

    [Fact]
    public void A_damaged_entry_is_compiled_again()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        var first = Compiler(cache).Compile("hello", Hello);
        File.SetUnixFileMode(first.Code.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using (var file = File.OpenWrite(first.Code.Path))
        {
            file.SetLength(100);
        }

        var second = Compiler(cache).Compile("hello", Hello);
        Assert.False(second.WasCached);
        Assert.NotEqual(100, new FileInfo(second.Code.Path).Length);
    }

    [Fact]
    public void What_is_no_module_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        var fault = Assert.Throws<GuestException>(() => Compiler(cache).Compile("x.wasm", "\0asm\u0001\0\0\0garbage"u8.ToArray()));
        Assert.StartsWith("x.wasm cannot be compiled: ", fault.Message, StringComparison.Ordinal);
        Assert.Empty(cache.List());
    }

    [Fact]
    public void The_cache_stays_within_its_bound_but_keeps_the_new_entry()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        var compiler = new ModuleCompiler(cache, FileLock.Acquire, cacheBytesMax: 1);
        compiler.Compile("first", Hello);
        var second = compiler.Compile("second", Encoding.UTF8.GetBytes(Texts.Add));
        Assert.Equal([second.Digest], cache.List().Select(item => item.Digest));
    }

    [Fact]
    public void A_full_disk_is_an_error_that_names_folder_and_bytes_and_leaves_nothing()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mounting a small disk needs root");
        using var folder = new TemporaryFolder();
        Mounts.Mount(new MountPoint("tmpfs", "skiff-test", "", ["size=8k", "mode=0700"]), folder.Path);
        try
        {
            var cache = new CodeCache(folder.Path);
            var fault = Assert.ThrowsAny<IOException>(() => Compiler(cache).Compile("hello", Hello));
            Assert.Contains(cache.Folder, fault.Message, StringComparison.Ordinal);
            Assert.Contains("bytes needed", fault.Message, StringComparison.Ordinal);
            Assert.All(Directory.GetFiles(cache.Folder), file => Assert.StartsWith("lock-", Path.GetFileName(file), StringComparison.Ordinal));
        }
        finally
        {
            Mounts.UnmountAll(folder.Path);
        }
    }

    private static ModuleCompiler Compiler(CodeCache cache) => new(cache, FileLock.Acquire, CodeCache.BytesMaxDefault);
}
