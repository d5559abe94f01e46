using System.Text;
using Skiff.Linux;
using Skiff.Shim.Server;
using Skiff.Shim.Tests.Doubles;
using Skiff.Testing;

namespace Skiff.Shim.Tests.Server;

public sealed class ShimLogTests : IDisposable
{
    private readonly string _bundle = Directory.CreateTempSubdirectory("skiff-log").FullName;

    [Fact]
    public void A_line_is_one_line_whatever_is_in_it()
    {
        var lines = new List<string>();
        new ShimLog(new ManualTime(), lines.Add).Warn("a \"b\"\nc\u0007");

        Assert.Equal(["time=\"2026-11-23T12:00:00.0000000Z\" level=warning msg=\"a \\\"b\\\"\\nc \" runtime=skiff\n"], lines);
    }

    [Fact]
    public void A_line_fits_into_a_FIFO_at_once()
    {
        var lines = new List<string>();
        new ShimLog(new ManualTime(), lines.Add).Warn(new string('ä', 100_000));

        Assert.InRange(Encoding.UTF8.GetByteCount(lines[0]), 1, LossyFifo.WholeBytesMax);
    }

    [Fact]
    public void Debug_lines_are_for_those_who_ask()
    {
        var lines = new List<string>();
        var log = new ShimLog(new ManualTime(), lines.Add);
        log.Debug("silent");
        log.Debugging = true;
        log.Debug("said");

        Assert.Single(lines);
    }

    [Fact]
    public void A_log_without_reader_or_FIFO_is_dropped_and_one_that_comes_back_is_used()
    {
        using var log = new LogFile();
        log.Add(_bundle);
        log.Write("nobody has made the FIFO\n");
        Fifo.Make($"{_bundle}/log");
        log.Write("nobody reads\n");
        using (var reader = FifoEnd.OpenRead($"{_bundle}/log"))
        {
            log.Write("first\n");
            Assert.Equal("first\n", Read(reader));
        }

        log.Write("containerd is away\n");
        using var restarted = FifoEnd.OpenRead($"{_bundle}/log");
        log.Write("second\n");

        Assert.Equal("second\n", Read(restarted));
    }

    [Fact]
    public void A_full_FIFO_does_not_hold_anybody_up()
    {
        using var log = new LogFile();
        Fifo.Make($"{_bundle}/log");
        log.Add(_bundle);
        using var reader = FifoEnd.OpenRead($"{_bundle}/log");
        for (var i = 0; i < 1000; i++)
        {
            log.Write(new string('x', 999) + "\n");
        }

        Assert.StartsWith("xxx", Read(reader), StringComparison.Ordinal);
    }

    [Fact]
    public void The_log_of_another_bundle_takes_over()
    {
        var second = Directory.CreateDirectory($"{_bundle}/second").FullName;
        using var log = new LogFile();
        log.Add(_bundle);
        log.Add(second);
        Fifo.Make($"{second}/log");
        using var reader = FifoEnd.OpenRead($"{second}/log");
        log.Write("here\n");
        log.Prune();
        log.Write("and here\n");

        Assert.Equal("here\nand here\n", Read(reader));
    }

    public void Dispose() => Directory.Delete(_bundle, recursive: true);

    private static string Read(Microsoft.Win32.SafeHandles.SafeFileHandle reader)
    {
        var buffer = new byte[100_000];
        return Encoding.UTF8.GetString(buffer, 0, StreamIO.Read(reader, buffer));
    }
}
