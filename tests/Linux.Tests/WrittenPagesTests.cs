using System.Runtime.InteropServices;
using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed unsafe partial class WrittenPagesTests : IDisposable
{
    private const int Pages = 16;
    private const int PROT_READ_WRITE = 3;
    private const int MAP_PRIVATE = 2;

    private readonly TemporaryFolder _folder = new();
    private readonly byte* _memory;

    public WrittenPagesTests()
    {
        File.WriteAllBytes(_folder["image"], [.. Enumerable.Repeat((byte)'i', Pages * WrittenPages.PageBytes)]);
        using var file = File.OpenHandle(_folder["image"]);
        _memory = mmap(null, (nuint)(Pages * WrittenPages.PageBytes), PROT_READ_WRITE, MAP_PRIVATE, file, 0);
        Assert.NotEqual(-1, (nint)_memory);
    }

    private Span<byte> Memory => new(_memory, Pages * WrittenPages.PageBytes);

    public void Dispose()
    {
        munmap(_memory, (nuint)Memory.Length);
        _folder.Dispose();
    }

    [Fact]
    public void Pages_that_were_written_to_are_told_from_those_that_were_read()
    {
        Memory[3 * WrittenPages.PageBytes] = 1;
        Memory[9 * WrittenPages.PageBytes + 5] = 1;
        Assert.Equal((byte)'i', Memory[5 * WrittenPages.PageBytes]);

        Assert.Equal([3, 9], WrittenPages.TryFind(Memory));
    }

    [Fact]
    public void Populated_pages_count_as_written_and_keep_what_the_file_has()
    {
        Assert.True(WrittenPages.TryPopulate(Memory.Slice(4 * WrittenPages.PageBytes, 2 * WrittenPages.PageBytes)));

        Assert.Equal([4, 5], WrittenPages.TryFind(Memory));
        Assert.Equal((byte)'i', Memory[4 * WrittenPages.PageBytes]);
    }

    [Fact]
    public void What_may_not_be_written_cannot_be_populated()
    {
        Assert.Equal(0, mprotect(_memory, (nuint)Memory.Length, 1));

        Assert.False(WrittenPages.TryPopulate(Memory));
        Assert.Empty(WrittenPages.TryFind(Memory)!);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial byte* mmap(void* address, nuint length, int protection, int flags, SafeHandle file, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(void* address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mprotect(void* address, nuint length, int protection);
}
