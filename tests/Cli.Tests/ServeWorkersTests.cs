using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Skiff.Cli.Tests;

/// <summary>A guest that dirties much memory, through <c>skiff serve</c>: it gets a process for each processor, by itself or by option.</summary>
public sealed partial class ServeWorkersTests : IDisposable
{
    private readonly SkiffProgram _skiff = new();

    // Compiling it takes half a minute, so the code outlives the test.
    private static string Cache => Path.Combine(AppContext.BaseDirectory, "javascript-cache");

    public void Dispose() => _skiff.Dispose();

    [Fact]
    public async Task A_JavaScript_guest_gets_its_processes_by_what_is_measured()
    {
        Assert.SkipWhen(Environment.ProcessorCount == 1, "one processor: one process is enough");
        await using var server = await SkiffServer.StartAsync(_skiff, SkiffProgram.Guest("js-http.wasm"), "--workers", "auto", "--cache", Cache);
        await AnswersAsync(server);
        Assert.Empty(server.Children());
        // The measurement wants 64 requests behind the first 16, and looks five times a second.
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal("Hello from JavaScript!\n", await server.Client.GetStringAsync("/", Cancellation));
        }

        var pages = await server.SaysAsync(Pages());
        Assert.InRange(int.Parse(pages.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), 150, 5000);
        await server.SaysAsync($"{Environment.ProcessorCount} worker processes");
        Assert.Equal(Environment.ProcessorCount, server.Children().Count);
        await AnswersAsync(server);
        Assert.Equal(0, (await server.StopAsync()).Code);
    }

    [Fact]
    public async Task A_small_guest_keeps_its_one_process()
    {
        await using var server = await SkiffServer.StartAsync(_skiff, SkiffProgram.Guest("http.wasm"), "--workers", "auto");
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal("Hello, world!", await server.Client.GetStringAsync("/", Cancellation));
        }

        // Three looks of the measurement.
        await Task.Delay(600, Cancellation);
        Assert.DoesNotMatch(Pages(), server.Log);
        Assert.Empty(server.Children());
    }

    [Fact]
    public async Task Workers_share_the_requests_of_a_JavaScript_guest()
    {
        await using var server = await SkiffServer.StartAsync(_skiff, SkiffProgram.Guest("js-http.wasm"), "--workers", "3", "--cache", Cache);
        await server.SaysAsync("3 worker processes");
        Assert.Equal(3, server.Children().Count);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AnswersAsync(server)));
        Assert.Equal(0, (await server.StopAsync()).Code);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task AnswersAsync(SkiffServer server)
    {
        using var content = new StringContent("""{"a":[1,"ü"]}""", Encoding.UTF8, "application/json");
        using var answer = await server.Client.PostAsync("/json", content, Cancellation);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("POST", json.RootElement.GetProperty("method").GetString());
        Assert.Equal("ü", json.RootElement.GetProperty("sent").GetProperty("a")[1].GetString());
        Assert.StartsWith("line 0\nline 1\n", await server.Client.GetStringAsync("/stream", Cancellation), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"a request dirties (\d+) pages")]
    private static partial Regex Pages();
}
