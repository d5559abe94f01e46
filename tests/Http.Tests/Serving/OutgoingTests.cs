using System.Security.Cryptography;
using Skiff.Guest;
using Skiff.Http.Health;
using Skiff.Http.Outgoing;
using Skiff.Http.Tests.Doubles;
using Skiff.Wasi.Quotas;
using Skiff.Wasi.Sockets;

namespace Skiff.Http.Tests.Serving;

/// <summary>Guests as clients: of our own server, of each other, and of what is not there.</summary>
public sealed class OutgoingTests
{
    private static NetworkGrants Loopback => NetworkGrants.Parse(["127.0.0.1:*"], []);

    [Fact]
    public async Task Two_guests_talk_over_the_network()
    {
        await using var back = await GuestSite.StartAsync("http.wasm");
        await using var front = await GuestSite.StartAsync("http.wasm", network: Loopback);
        Assert.Equal("Hello, world!", (await front.Curl($"/fetch/{back.Address}/")).Output);
        var big = await front.Curl($"/fetch/{back.Address}/big/500");
        Assert.Equal(500 * 1024, big.Output.Length);
        Assert.Equal("a body", (await front.Curl($"/fetch/{back.Address}/echo", "-d", "a body")).Output);
    }

    [Theory]
    [InlineData("127.0.0.1:1", "connection-refused")]
    [InlineData("10.1.2.3:80", "destination-IP-prohibited")]
    [InlineData("nowhere.invalid:80", "HTTP-request-denied")]
    public async Task What_cannot_be_reached_has_its_error_code(string authority, string code)
    {
        await using var front = await GuestSite.StartAsync("http.wasm", network: Loopback);
        var answer = await front.Curl($"/fetch/{authority}/", "-w", "|%{response_code}");
        Assert.Contains(code, answer.Output, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("|502", answer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_of_requests_are_sockets_of_the_guest()
    {
        var quotas = new WasiQuotas(new GuestBounds { Sockets = 1 }, TimeProvider.System);
        await using var other = await TestHost.StartAsync(DelegateHandler.Says("other"));
        await using var front = await GuestSite.StartAsync("http.wasm", network: Loopback, quotas: quotas);
        await using (var back = await TestHost.StartAsync(DelegateHandler.Says("one")))
        {
            Assert.Equal("one", (await front.Curl($"/fetch/{back.Address}/")).Output);

            // It is kept for the next request to that server.
            Assert.Equal("one", (await front.Curl($"/fetch/{back.Address}/")).Output);
            Assert.Contains("connection-limit-reached", (await front.Curl($"/fetch/{other.Address}/")).Output, StringComparison.OrdinalIgnoreCase);
            Assert.Equal((1, 1), (quotas.Sockets.Used, quotas.Sockets.Refusals));
            await back.DisposeAsync();
            Assert.Contains("connection-refused", (await front.Curl($"/fetch/{back.Address}/")).Output, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal("other", (await front.Curl($"/fetch/{other.Address}/")).Output);
    }

    [Fact]
    public async Task Nothing_is_reached_without_a_grant()
    {
        await using var back = await TestHost.StartAsync(DelegateHandler.Says("secret"));
        await using var front = await GuestSite.StartAsync("http.wasm");
        Assert.Contains("destination-IP-prohibited", (await front.Curl($"/fetch/{back.Address}/")).Output, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(true, "secret|200")]
    [InlineData(false, "TLS-certificate-error")]
    public async Task A_server_is_believed_if_the_bundle_of_authorities_names_it(bool named, string expected)
    {
        using var own = new TestCertificate();
        using var other = new TestCertificate();
        await using var back = await TestHost.StartAsync(DelegateHandler.Says("secret"), tls: own.Identity());
        await using var front = await GuestSite.StartAsync(
            "http.wasm",
            network: Loopback,
            trust: () => TrustedRoots.FirstOf(["/no/such/bundle.pem", named ? own.CertificateFile : other.CertificateFile]));
        var answer = await front.Curl($"/fetch-tls/{back.Address}/", "-w", "|%{response_code}");
        Assert.Contains(expected, answer.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_bundle_that_is_none_is_named()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n");
            var fault = Assert.ThrowsAny<CryptographicException>(() => TrustedRoots.FirstOf([file]));
            Assert.Contains(file, fault.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_server_that_says_nothing_times_out()
    {
        await using var back = await TestHost.StartAsync(new DelegateHandler(exchange => Task.Delay(Timeout.Infinite, exchange.Aborted).ContinueWith(_ => { })));
        await using var front = await GuestSite.StartAsync("http.wasm", network: Loopback);
        var answer = await front.Curl($"/fetch-timeout/200/{back.Address}/", "-w", "|%{time_total}");
        Assert.Contains("timeout", answer.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_trace_goes_through()
    {
        var tracer = new Tracer(TimeProvider.System);
        var seen = new List<string?>();
        await using var back = await TestHost.StartAsync(new DelegateHandler(exchange =>
        {
            seen.Add(exchange.Request.Headers["traceparent"]);
            return exchange.AnswerAsync(200, "text/plain", "ok"u8.ToArray());
        }));
        await using var front = await GuestSite.StartAsync("http.wasm", network: Loopback, tracer: tracer);
        await front.Curl($"/fetch/{back.Address}/", "-H", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        var header = Assert.Single(seen);
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", header, StringComparison.Ordinal);
        Assert.DoesNotContain("b7ad6b7169203331", header, StringComparison.Ordinal);
        await Task.Delay(100);
        var (spans, _) = tracer.Take();
        Assert.Equal(2, spans.Count);
    }
}
