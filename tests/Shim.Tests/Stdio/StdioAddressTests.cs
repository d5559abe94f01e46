using Skiff.Shim.Stdio;

namespace Skiff.Shim.Tests.Stdio;

public sealed class StdioAddressTests
{
    [Theory]
    [InlineData("/run/fifo", nameof(StdioKind.Fifo), "/run/fifo", "")]
    [InlineData("fifo:///run/fifo", nameof(StdioKind.Fifo), "/run/fifo", "")]
    [InlineData("file:///var/log/a%20b.log", nameof(StdioKind.File), "/var/log/a b.log", "")]
    [InlineData("binary:///bin/log?level=info&name=a+b%26c&flag", nameof(StdioKind.LogProgram), "/bin/log", "level|info|name|a b&c|flag")]
    [InlineData("binary:///bin/log", nameof(StdioKind.LogProgram), "/bin/log", "")]
    public void Addresses_are_taken_apart(string address, string kind, string path, string arguments)
    {
        var parsed = StdioAddress.Parse("stdout", address);

        Assert.Equal((kind, path, arguments), (parsed.Kind.ToString(), parsed.Path, string.Join('|', parsed.Arguments)));
    }

    [Theory]
    [InlineData("relative/fifo")]
    [InlineData("/")]
    [InlineData("ttrpc+unix:///run/s?streaming_id=1")]
    [InlineData("binary://log")]
    [InlineData("file:///a%00b")]
    public void What_is_not_served_is_refused_by_its_stream(string address)
    {
        var refusal = Assert.Throws<ShimException>(() => StdioAddress.Parse("stderr", address));

        Assert.Equal(ShimError.InvalidArgument, refusal.Error);
        Assert.StartsWith("stderr:", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_arguments_of_a_log_program_are_bounded() =>
        Assert.Throws<ShimException>(() => StdioAddress.Parse("stdout", "binary:///bin/log?" + string.Join('&', Enumerable.Repeat("k=v", 200))));
}
