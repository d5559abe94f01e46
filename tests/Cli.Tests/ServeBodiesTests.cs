using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Skiff.Cli.Tests;

/// <summary>Large bodies through <c>skiff serve</c>: whoever is slow is waited for, and nobody's bytes pile up meanwhile.</summary>
public sealed class ServeBodiesTests : IDisposable
{
    // The program runs on the just-in-time runtime here, whose collector is in no hurry.
    private const long GrowthMost = 96 * 1024 * 1024;

    private readonly SkiffProgram _skiff = new();

    public void Dispose() => _skiff.Dispose();

    [Theory]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task An_upload_of_a_gigabyte_takes_no_memory(string version)
    {
        const long Length = 1L << 30;
        await using var server = await SkiffServer.StartAsync(_skiff, SkiffProgram.Guest("http.wasm"), "--workers", "1", "--timeout", "10m");
        var file = _skiff.File("large", "");
        using (var sparse = File.OpenWrite(file))
        {
            sparse.SetLength(Length);
        }

        await server.Client.PostAsync("/upload", new ByteArrayContent(new byte[1 << 20]), Cancellation);
        var before = server.ResidentBytesMost;
        Assert.Equal($"{Length}\n", await CurlAsync(version, "-T", file, $"{server.Client.BaseAddress}upload"));
        Assert.InRange(server.ResidentBytesMost - before, 0, GrowthMost);
    }

    [Fact]
    public async Task A_slow_reader_holds_the_guest_back()
    {
        const int Kilobytes = 400_000;
        await using var server = await SkiffServer.StartAsync(_skiff, SkiffProgram.Guest("http.wasm"), "--workers", "1", "--timeout", "10m");
        await server.Client.GetByteArrayAsync("/big/1000", Cancellation);
        var before = server.ResidentBytesMost;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.Client.BaseAddress!.Port, Cancellation);
        // Without chunks, so that the bytes can be counted.
        await socket.SendAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"GET /big/{Kilobytes} HTTP/1.0\r\n\r\n")), Cancellation);
        var buffer = new byte[256 * 1024];
        var count = await socket.ReceiveAsync(buffer.AsMemory(0, 1), Cancellation);
        Assert.Equal(1, count);
        await Task.Delay(TimeSpan.FromSeconds(2), Cancellation);
        Assert.InRange(server.ResidentBytesMost - before, 0, GrowthMost);
        long total = count;
        while ((count = await socket.ReceiveAsync(buffer, Cancellation)) > 0)
        {
            total += count;
        }

        Assert.InRange(total, 1024L * Kilobytes, (1024L * Kilobytes) + 1024);
        Assert.InRange(server.ResidentBytesMost - before, 0, GrowthMost);
        await server.SaysAsync($"GET /big/{Kilobytes} 200");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<string> CurlAsync(params string[] arguments)
    {
        var patience = TimeSpan.FromMinutes(4);
        var result = await SkiffProgram.RunOtherAsync("/usr/bin/curl", patience, ["-sS", .. arguments]);
        return result.Exit.Code == 0 ? result.Output : throw new InvalidOperationException($"curl ended with {result.Exit.Code}: {result.ErrorOutput}");
    }
}
