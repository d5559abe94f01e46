namespace Skiff.WitBindings.Tests.Model;

/// <summary>Our WASI files against those of a published package, which setup.sh fetches into .cache/wit.</summary>
public sealed class WasiFilesTests
{
    private static readonly string[] Features =
        ["clocks-timezone", "network-error-code", "informational-outbound-responses"];

    [Fact]
    public void Our_WASI_files_mean_what_the_published_ones_mean()
    {
        var published = Sources.Path(".cache/wit");
        Assert.SkipUnless(Directory.Exists(published), "no .cache/wit: scripts/setup.sh fetches it");
        var theirs = Directory.GetFiles(published, "*.wit", SearchOption.AllDirectories);
        Assert.NotEmpty(theirs);
        Assert.Equal(Described.Lines(Described.Files(theirs, Features)), Described.Lines(Described.Files(Ours, Features)));
    }

    [Fact]
    public void What_waits_suspends()
    {
        var suspending = Described.Files(Ours).SelectMany(model => model.Functions).Where(function => function.Suspends).Select(function => function.WitName);
        Assert.Equal(
            [
                "[method]input-stream.blocking-read", "[method]input-stream.blocking-skip", "[method]output-stream.blocking-flush",
                "[method]output-stream.blocking-splice", "[method]output-stream.blocking-write-and-flush",
                "[method]output-stream.blocking-write-zeroes-and-flush", "[method]pollable.block", "poll",
            ],
            suspending.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Unstable_functions_are_there_only_when_asked_for()
    {
        Assert.DoesNotContain(Described.Lines(Described.Files(Ours)), line => line.Contains("network-error-code", StringComparison.Ordinal));
        Assert.Contains(Described.Lines(Described.Files(Ours, "network-error-code")), line => line.Contains("network-error-code", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Ours =>
        Directory.GetFiles(Sources.Path("src/Wasi/wit"), "*.wit").Concat(Directory.GetFiles(Sources.Path("src/Http/wit"), "*.wit"));
}
