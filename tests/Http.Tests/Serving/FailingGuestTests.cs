using System.Net.Sockets;
using Skiff.Http.Serving;
using Skiff.Http.Tests.Doubles;

namespace Skiff.Http.Tests.Serving;

/// <summary>Every way in which a guest or a client leaves an exchange in the middle: status, log, and nothing left.</summary>
public sealed class FailingGuestTests
{
    private const int Incomplete = 18;
    private const int StreamReset = 92;
    private const int Reset = 56;

    [Theory]
    [InlineData("/trap", 500, "guest trapped: wasm trap: wasm `unreachable` instruction executed")]
    [InlineData("/noresponse", 500, "guest returned without a response")]
    // Its first answer was whole before it asked for a second.
    [InlineData("/twice", 200, "guest trapped: unknown handle index")]
    [InlineData("/error", 500, "guest answered with error-code InternalError")]
    [InlineData("/error/6", 502, "guest answered with error-code ConnectionRefused")]
    [InlineData("/length/10/5", 500, "promised a body of 10 bytes and wrote 5")]
    [InlineData("/length/5/10", 500, "promised a body of 5 bytes and wrote more")]
    [InlineData("/dropped", 500, "dropped its body without finishing it")]
    public async Task What_fails_before_the_head_is_out_is_a_status(string path, int status, string reason)
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        foreach (var version in (string[])["--http1.1", "--http2-prior-knowledge"])
        {
            var answer = await site.Curl(path, version, "-w", "|%{response_code}");
            // On a machine so busy that the guest's tick ended in between, the head was out already: then it is cut.
            Assert.True(
                answer.Output.EndsWith($"|{status}", StringComparison.Ordinal) || answer.Code is Incomplete or StreamReset or Reset, $"{answer}\n{site.Log}");
        }

        Assert.Contains(reason, site.Log, StringComparison.Ordinal);
        Assert.Equal("Hello, world!", (await site.Curl("/")).Output);
    }

    [Theory]
    [InlineData("/trap-late")]
    [InlineData("/spin-late")]
    public async Task What_fails_later_leaves_the_response_incomplete(string path)
    {
        await using var site = await GuestSite.StartAsync("http.wasm", new ServingOptions { Deadline = TimeSpan.FromSeconds(1) });
        foreach (var version in (string[])["--http1.1", "--http2-prior-knowledge"])
        {
            var answer = await site.Curl(path, version);
            Assert.True(
                answer.Code is Incomplete or StreamReset or Reset || answer.Output.StartsWith("500", StringComparison.Ordinal), $"{answer}\n{site.Log}");
        }
    }

    [Theory]
    [InlineData("/spin")]
    [InlineData("/sleep/60000")]
    public async Task A_guest_that_takes_too_long_is_ended(string path)
    {
        await using var site = await GuestSite.StartAsync("http.wasm", new ServingOptions { Deadline = TimeSpan.FromMilliseconds(500) });
        var answer = await site.Curl(path, "-w", "|%{response_code}");
        Assert.EndsWith("|504", answer.Output, StringComparison.Ordinal);
        await Eventually.Equals(0, () => site.Metrics.Instances);
        Assert.Equal(1, site.Metrics.Deadlines);
    }

    [Fact]
    public async Task A_response_whose_body_is_never_taken_is_empty()
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        var answer = await site.Curl("/nobody", "-i");
        Assert.True(answer.Code == 0, answer.ToString());
        Assert.EndsWith("\r\n\r\n", answer.Output, StringComparison.Ordinal);
        Assert.Contains("Content-Length: 0\r\n", answer.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("/sleep/60000")]
    [InlineData("/slow/100/200")]
    public async Task A_client_that_goes_takes_its_guest_with_it(string path)
    {
        await using var site = await GuestSite.StartAsync("http.wasm", limits: new HttpLimits { HalfClosed = TimeSpan.FromMilliseconds(300) });
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            await socket.ConnectAsync(site.Host.EndPoint);
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
            await Eventually.Equals(1, () => site.Metrics.Instances);
            await Task.Delay(100);
        }

        await Eventually.Equals(0, () => site.Metrics.Instances, seconds: 5);
        await Eventually.Equals(true, () => site.Log.Contains(" 499 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_guest_that_drops_the_requests_body_answers_all_the_same()
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        var answer = await Curl.RunAsync("--data-binary", "@/usr/bin/curl", $"http://{site.Address}/drop");
        Assert.True(answer.Code == 0, answer.ToString());
    }

    [Fact]
    public async Task Requests_beyond_the_limit_wait_and_are_refused_when_they_waited_too_long()
    {
        var options = new ServingOptions { InFlightMax = 2, QueueTime = TimeSpan.FromSeconds(3) };
        await using var site = await GuestSite.StartAsync("http.wasm", options);
        using var client = new HttpClient();
        // Two work and two wait until the first are done; a slower pair keeps two more out.
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => client.GetAsync($"http://{site.Address}/sleep/500")));
        Assert.All(answers, answer => Assert.Equal(200, (int)answer.StatusCode));
        var slow = Enumerable.Range(0, 2).Select(_ => client.GetAsync($"http://{site.Address}/sleep/9000")).ToList();
        await Eventually.Equals(2, () => site.Metrics.Instances);
        var refused = await client.GetAsync($"http://{site.Address}/");
        Assert.Equal((503, "3"), ((int)refused.StatusCode, refused.Headers.GetValues("Retry-After").Single()));
        await Task.WhenAll(slow);
        Assert.Equal(1, site.Metrics.Refused);
    }

    [Fact]
    public async Task Thousands_in_parallel_leave_nothing()
    {
        await using var site = await GuestSite.StartAsync("http.wasm", new ServingOptions { InFlightMax = 300, QueueTime = TimeSpan.FromSeconds(50) });
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 500 });
        string[] paths = ["/", "/big/200", "/trap", "/noresponse", "/sleep/20", "/trap-late", "/dropped", "/echo", "/error"];
        for (var round = 0; round < 2; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 1500).Select(async i =>
            {
                try
                {
                    using var answer = await client.GetAsync($"http://{site.Address}{paths[i % paths.Length]}");
                    await answer.Content.ReadAsByteArrayAsync();
                }
                catch (HttpRequestException)
                {
                    // The incomplete ones.
                }
            }));
        }

        await Eventually.Equals(0, () => site.Metrics.Instances);
        Assert.Equal(3000, site.Metrics.Requests);
    }
}
