namespace Skiff.Guest.Tests;

public sealed class ComponentCodeTests
{
    private static readonly byte[] Component = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00, 7, 2, 1, 0x7d];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(ComponentCode.ModulesMax)]
    public void Modules_are_read_as_they_were_written(int count)
    {
        var digests = Enumerable.Range(0, count).Select(number => ContentDigest.Of(BitConverter.GetBytes(number))).ToArray();
        var file = ComponentCode.Compose(Component, digests);
        Assert.Equal(digests, Read(file));

        // Still a component: preamble, our custom section, the rest.
        Assert.Equal(Component[..8], file[..8]);
        Assert.Equal(0, file[8]);
        var size = (file[9] & 0x7f) | (file[10] << 7);
        Assert.Equal(Component[8..], file[(11 + size)..]);
    }

    [Fact]
    public void More_modules_than_descriptors_are_refused() => Assert.Contains(
        "251 core modules; at most 250",
        Assert.Throws<GuestException>(() => ComponentCode.Compose(Component, new string[251])).Message,
        StringComparison.Ordinal);

    [Fact]
    public void What_is_no_whole_file_is_none()
    {
        var file = ComponentCode.Compose(Component, [ContentDigest.Of("one"u8), ContentDigest.Of("two"u8)]);
        for (var length = 0; length < file.Length; length++)
        {
            Assert.Null(Read(file[..length]));
        }

        Assert.Null(Read([.. file, 0]));
        Assert.Null(Read(Component));
        for (var position = 0; position < 30; position++)
        {
            var damaged = (byte[])file.Clone();
            damaged[position] ^= 0x41;
            Assert.Null(Read(damaged));
        }
    }

    private static IReadOnlyList<string>? Read(byte[] contents)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "file");
        File.WriteAllBytes(path, contents);
        using var handle = File.OpenHandle(path);
        return ComponentCode.TryReadModules(handle);
    }
}
