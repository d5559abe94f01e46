using Skiff.Http.Serving;
using Skiff.Http.Tests.Doubles;

namespace Skiff.Http.Tests.Serving;

/// <summary>What a well-behaved guest is told and may say, through curl.</summary>
public sealed class GuestTests
{
    [Theory]
    [InlineData("http.wasm", "Hello, world!")]
    [InlineData("http-text.wat", "Hello from text!")]
    [InlineData("rust-http.wasm", null)]
    public async Task A_guest_answers(string guest, string? text)
    {
        await using var site = await GuestSite.StartAsync(guest);
        foreach (var version in (string[])["--http1.1", "--http2-prior-knowledge", "--http1.0"])
        {
            var answer = await site.Curl("/", version, "-w", "|%{response_code}");
            Assert.True(answer.Code == 0, $"{answer}\n{site.Log}");
            Assert.EndsWith("|200", answer.Output, StringComparison.Ordinal);
            Assert.StartsWith(text ?? "", answer.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task A_guest_sees_the_request(string version)
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        Assert.Equal("PATCH\n", (await site.Curl("/method", version, "-X", "PATCH")).Output);
        Assert.Equal("BREW\n", (await site.Curl("/method", version, "-X", "BREW")).Output);
        Assert.Equal("/path/a%20b?c=d&e\n", (await site.Curl("/path/a%20b?c=d&e", version)).Output);
        Assert.Equal("HTTP\n", (await site.Curl("/scheme", version)).Output);
        Assert.Equal($"{site.Address}\n", (await site.Curl("/authority", version)).Output);
        Assert.Contains("GREETING: hello\n", (await site.Curl("/env", version)).Output, StringComparison.Ordinal);
        var headers = (await site.Curl("/headers", version, "-H", "X-One: 1", "-H", "x-one: 2", "-H", "Keep-Alive: 5", "-A", "me")).Output;
        Assert.Contains("x-one: 1\n", headers, StringComparison.Ordinal);
        Assert.Contains("x-one: 2\n", headers, StringComparison.Ordinal);
        Assert.Contains("user-agent: me\n", headers, StringComparison.Ordinal);
        Assert.DoesNotContain("keep-alive", headers, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("host:", headers, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("/echo", "--http1.1")]
    [InlineData("/echo", "--http2-prior-knowledge")]
    [InlineData("/echo-splice", "--http1.1")]
    [InlineData("/echo-buffered", "--http1.1")]
    public async Task Bodies_go_both_ways(string path, string version)
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        var file = Path.GetTempFileName();
        try
        {
            var bytes = new byte[300_000];
            new Random(7).NextBytes(bytes);
            await File.WriteAllBytesAsync(file, bytes);
            var answer = await site.Curl(path, version, "--data-binary", $"@{file}");
            Assert.True(answer.Code == 0, $"{answer.Errors} {site.Log}");
            Assert.Equal(bytes, System.Text.Encoding.Latin1.GetBytes(answer.Output));
            var chunked = await site.Curl(path, version, "-H", "Transfer-Encoding: chunked", "--data-binary", $"@{file}");
            Assert.Equal(bytes, System.Text.Encoding.Latin1.GetBytes(chunked.Output));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_small_body_goes_with_its_length_and_a_large_one_in_chunks()
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        Assert.Contains("Content-Length: 1024\r\n", (await site.Curl("/big/1", "-i")).Output, StringComparison.OrdinalIgnoreCase);
        var large = await site.Curl("/big/1000", "-i");
        Assert.Contains("Transfer-Encoding: chunked\r\n", large.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1000 * 1024, large.Output.Length - large.Output.IndexOf("\r\n\r\n", StringComparison.Ordinal) - 4);
    }

    [Theory]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Statuses_without_body_and_HEAD_have_none(string version)
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        foreach (var status in (int[])[204, 304, 418, 503])
        {
            Assert.EndsWith($"|{status}", (await site.Curl($"/status/{status}", version, "-w", "|%{response_code}")).Output, StringComparison.Ordinal);
        }

        var head = await site.Curl("/", version, "-I");
        Assert.True(head.Code == 0, head.ToString());
        Assert.Contains("content-length: 13\r\n", head.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    public async Task Trailers_go_out(string version)
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        if (version == "--http1.1")
        {
            var text = await Raw.ExchangeAsync(site.Host.EndPoint, "GET /trailers HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close\r\n\r\n");
            Assert.EndsWith("\r\n0\r\nx-guest: the end\r\n\r\n", text, StringComparison.OrdinalIgnoreCase);
            return;
        }

        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{site.Address}/trailers") { Version = new Version(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await client.SendAsync(request);
        await answer.Content.ReadAsByteArrayAsync();
        Assert.Equal(["the end"], answer.TrailingHeaders.GetValues("x-guest"));
    }

    [Fact]
    public async Task Trailers_come_in()
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        var answer = await Raw.ExchangeAsync(
            site.Host.EndPoint,
            "POST /trailers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\nX-Check: sum\r\n\r\n");
        Assert.Contains("x-check: sum", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_waits_for_100_continue_is_told_to_go_on()
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        var answer = await site.Curl("/echo", "-v", "-H", "Expect: 100-continue", "--expect100-timeout", "30", "-d", "payload");
        Assert.Contains("< HTTP/1.1 100 Continue", answer.Errors, StringComparison.Ordinal);
        Assert.Equal("payload", answer.Output);
    }

    [Theory]
    [InlineData("X-Own", "value", "ok")]
    [InlineData("connection", "close", "forbidden")]
    [InlineData("Transfer-Encoding", "chunked", "forbidden")]
    [InlineData("host", "elsewhere", "forbidden")]
    [InlineData("bad@name", "value", "syntax")]
    public async Task Fields_are_judged(string name, string value, string verdict)
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        Assert.Contains(verdict, (await site.Curl($"/field/{name}/{value}")).Output, StringComparison.Ordinal);
        Assert.Contains("immutable", (await site.Curl("/immutable")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guest_works_on_after_its_response()
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        using var client = new HttpClient();
        await client.GetStringAsync($"http://{site.Address}/after/1500");
        Assert.Equal(1, site.Metrics.Instances);
        // The same connection answers the next request meanwhile.
        Assert.Equal("Hello, world!", await client.GetStringAsync($"http://{site.Address}/"));
        await Eventually.Equals(0, () => site.Metrics.Instances);
    }

    [Fact]
    public async Task A_slow_guest_is_heard_as_it_speaks()
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        using var client = new HttpClient();
        using var answer = await client.GetAsync($"http://{site.Address}/slow/5/300", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        await reader.ReadLineAsync();
        // It has not yet said the last line.
        Assert.Equal(1, site.Metrics.Instances);
        Assert.NotEmpty(await reader.ReadToEndAsync());
    }

    [Fact]
    public async Task A_client_that_has_closed_its_sending_side_hears_a_slow_guest()
    {
        await using var site = await GuestSite.StartAsync("http.wasm");
        var answer = await Raw.ExchangeAsync(site.Host.EndPoint, "GET /slow/4/200 HTTP/1.0\r\n\r\n", halfClose: true);
        Assert.EndsWith("line 0\nline 1\nline 2\nline 3\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instance_answers_as_many_requests_as_it_may()
    {
        await using var site = await GuestSite.StartAsync("http.wasm", new ServingOptions { RequestsPerInstance = 3 });
        using var client = new HttpClient();
        var counts = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            counts.Add((await client.GetStringAsync($"http://{site.Address}/count")).Trim());
        }

        Assert.Equal(["1", "2", "3", "1", "2", "3"], counts);
        Assert.Equal(2, site.Metrics.InstancesMade);
    }
}
