using System.Net;
using System.Net.Sockets;
using System.Text;
using Skiff.Http.Serving;
using Skiff.Http.Tests.Doubles;

namespace Skiff.Http.Tests.Listening;

/// <summary>The web server alone, answered by delegates: connections, versions of HTTP, limits, stopping.</summary>
public sealed class HttpHostTests
{
    [Theory]
    [InlineData("--http1.1")]
    [InlineData("--http2-prior-knowledge")]
    [InlineData("--http1.0")]
    public async Task One_port_answers_every_version(string version)
    {
        await using var host = await TestHost.StartAsync(new DelegateHandler(exchange =>
            exchange.AnswerAsync(200, "text/plain", Encoding.ASCII.GetBytes(exchange.Request.Protocol))));
        var answer = await Curl.RunAsync(version, "-w", " %{http_version} %{response_code}", $"http://{host.Address}/");
        var expected = version switch { "--http1.0" => "HTTP/1.0 1.1 200", "--http1.1" => "HTTP/1.1 1.1 200", _ => "HTTP/2 2 200" };
        Assert.Equal((0, expected), (answer.Code, answer.Output));
    }

    [Theory]
    [InlineData("--http1.1", "HTTP/1.1")]
    [InlineData("--http2", "HTTP/2")]
    public async Task TLS_offers_both_versions(string version, string protocol)
    {
        using var certificate = new TestCertificate();
        await using var host = await TestHost.StartAsync(
            new DelegateHandler(exchange => exchange.AnswerAsync(200, "text/plain", Encoding.ASCII.GetBytes($"{exchange.Request.Protocol} {exchange.Request.Scheme}"))),
            tls: certificate.Identity());
        var answer = await Curl.RunAsync(version, "--cacert", certificate.CertificateFile, $"https://localhost:{host.EndPoint.Port}/");
        Assert.Equal((0, $"{protocol} https"), (answer.Code, answer.Output));
    }

    [Fact]
    public async Task A_large_body_travels_both_ways_over_TLS_and_h2()
    {
        using var certificate = new TestCertificate();
        await using var host = await TestHost.StartAsync(DelegateHandler.Echo(), tls: certificate.Identity());
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, new byte[20_000_000]);
            var answer = await Curl.RunAsync(
                "--http2", "--cacert", certificate.CertificateFile, "--data-binary", $"@{file}", "-w", "%{size_download}", "-o", "/dev/null", $"https://localhost:{host.EndPoint.Port}/");
            Assert.Equal((0, "20000000"), (answer.Code, answer.Output));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Each_listener_has_its_site()
    {
        await using var host = await TestHost.StartAsync(DelegateHandler.Says("first"));
        var second = host.Host.Listen(TestHost.Bound(), new HttpSite("second", DelegateHandler.Says("second")));
        using var client = new HttpClient();
        Assert.Equal("first", await client.GetStringAsync($"http://{host.Address}/"));
        Assert.Equal("second", await client.GetStringAsync($"http://{second.EndPoint}/"));
    }

    [Fact]
    public async Task A_listener_stops_without_the_others()
    {
        await using var host = await TestHost.StartAsync(DelegateHandler.Says("first"));
        var second = host.Host.Listen(TestHost.Bound(), new HttpSite("second", DelegateHandler.Says("second")));
        using var client = new HttpClient();
        await client.GetStringAsync($"http://{second.EndPoint}/");
        await second.StopAsync(TimeSpan.FromSeconds(5), TimeProvider.System);
        Assert.Equal(0, second.ConnectionCount);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync($"http://{second.EndPoint}/"));
        Assert.Equal("first", await client.GetStringAsync($"http://{host.Address}/"));
    }

    [Fact]
    public async Task Stopping_lets_a_request_finish()
    {
        var begun = new TaskCompletionSource();
        var finish = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(new DelegateHandler(async exchange =>
        {
            begun.SetResult();
            await finish.Task;
            await exchange.AnswerAsync(200, "text/plain", "done"u8.ToArray());
        }));
        using var client = new HttpClient();
        var answer = client.GetStringAsync($"http://{host.Address}/");
        await begun.Task;
        var stopped = host.Host.StopAsync(TimeSpan.FromSeconds(20));
        await Task.Delay(100);
        Assert.False(stopped.IsCompleted);
        finish.SetResult();
        Assert.Equal("done", await answer);
        await stopped;
    }

    [Fact]
    public async Task Stopping_cuts_off_what_outlives_the_grace()
    {
        var aborted = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(new DelegateHandler(async exchange =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, exchange.Aborted);
            }
            catch (OperationCanceledException)
            {
                aborted.SetResult();
            }
        }));
        using var client = new HttpClient();
        var answer = client.GetStringAsync($"http://{host.Address}/");
        await Task.Delay(200);
        await host.Host.StopAsync(TimeSpan.FromMilliseconds(100));
        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(5));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => answer);
    }

    [Fact]
    public async Task A_half_closed_client_gets_its_answer()
    {
        await using var host = await TestHost.StartAsync(new DelegateHandler(async exchange =>
        {
            await Task.Delay(300, exchange.Aborted);
            await exchange.AnswerAsync(200, "text/plain", "late"u8.ToArray());
        }));
        using var socket = await ConnectAsync(host.EndPoint);
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        socket.Shutdown(SocketShutdown.Send);
        Assert.EndsWith("late", await ReadAsync(socket));
    }

    [Fact]
    public async Task A_client_that_has_gone_aborts_its_request()
    {
        var aborted = new TaskCompletionSource();
        var begun = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(
            new DelegateHandler(async exchange =>
            {
                exchange.Aborted.Register(aborted.SetResult);
                begun.SetResult();
                await aborted.Task;
            }),
            new HttpLimits { HalfClosed = TimeSpan.FromMilliseconds(200) });
        var socket = await ConnectAsync(host.EndPoint);
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        await begun.Task;
        socket.Dispose();
        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_head_that_dribbles_is_ended()
    {
        await using var host = await TestHost.StartAsync(DelegateHandler.Says("no"), new HttpLimits { RequestHead = TimeSpan.FromSeconds(1) });
        using var socket = await ConnectAsync(host.EndPoint);
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n"u8.ToArray());
        Assert.Contains("408", await ReadAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_connection_is_closed()
    {
        await using var host = await TestHost.StartAsync(DelegateHandler.Says("no"), new HttpLimits { KeepAlive = TimeSpan.FromMilliseconds(300) });
        using var socket = await ConnectAsync(host.EndPoint);
        Assert.Equal("", await ReadAsync(socket));
        await Eventually.Equals(0, () => host.Listener.ConnectionCount);
    }

    [Theory]
    [InlineData("GET /{0} HTTP/1.1\r\nHost: a\r\n\r\n", 20_000, "414")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: {0}\r\n\r\n", 70_000, "431")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 0, "400")]
    public async Task A_head_beyond_the_limits_is_refused(string head, int length, string status)
    {
        await using var host = await TestHost.StartAsync(DelegateHandler.Says("no"));
        using var socket = await ConnectAsync(host.EndPoint);
        await socket.SendAsync(Encoding.ASCII.GetBytes(head.Replace("{0}", new string('a', length), StringComparison.Ordinal)));
        Assert.Contains($"HTTP/1.1 {status}", await ReadAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_beyond_the_limit_wait_for_a_place()
    {
        await using var host = await TestHost.StartAsync(new HttpSite("test", DelegateHandler.Says("ok")) { ConnectionsMax = 1 });
        var first = await ConnectAsync(host.EndPoint);
        await Task.Delay(100);
        using var second = await ConnectAsync(host.EndPoint);
        await second.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray());
        var answer = ReadAsync(second);
        await Task.Delay(200);
        Assert.False(answer.IsCompleted);
        first.Dispose();
        Assert.EndsWith("ok", await answer);
        Assert.InRange(host.Listener.HeldBack, 1, 2);
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint to)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(to);
        return socket;
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        var all = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(10)) is var count and > 0)
            {
                all.Append(Encoding.ASCII.GetString(buffer, 0, count));
                if (all.ToString().EndsWith("ok", StringComparison.Ordinal))
                {
                    break;
                }
            }
        }
        catch (SocketException)
        {
            // Reset after the answer: the request's rest was never read.
        }

        return all.ToString();
    }
}
