using System.Net;
using System.Net.Sockets;
using System.Text;
using Skiff.Functional;

namespace Skiff.Conformance;

/// <summary>Commands that send HTTP requests (wasi:http/outgoing-handler beside wasi:cli/run).</summary>
public sealed class HttpTests : IDisposable
{
    private const string Fetch = "fetch.wasm";

    private readonly TcpListener _server = new(IPAddress.Loopback, 0);

    public HttpTests() => _server.Start();

    private string Address => _server.LocalEndpoint.ToString()!;

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task A_command_fetches_what_it_is_granted()
    {
        var request = AnswerAsync("ahoy");
        var result = await SkiffProgram.RunAsync("run", "--net", Address, Guest.Needed(Fetch), Address, "/a?b");
        Assert.Equal((0, "ahoy", ""), (result.ExitCode, result.Output, result.Error));
        Assert.StartsWith("GET /a?b HTTP/1.1\r\n", await request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_without_a_grant_reaches_nothing()
    {
        var result = await SkiffProgram.RunAsync("run", Guest.Needed(Fetch), Address, "/");
        Assert.Equal((1, "", "response: destination-IP-prohibited\n"), (result.ExitCode, result.Output, result.Error));
        Assert.False(_server.Pending());
    }

    [Fact]
    public async Task Trailers_of_a_request_are_refused_and_not_lost()
    {
        var result = await SkiffProgram.RunAsync("run", "--net", Address, Guest.Needed(Fetch), "--trailers", Address, "/");
        Assert.Equal((1, "", "finish: HTTP-protocol-error\n"), (result.ExitCode, result.Output, result.Error));
    }

    private async Task<string> AnswerAsync(string body)
    {
        using var connection = await _server.AcceptSocketAsync(TestContext.Current.CancellationToken);
        var buffer = new byte[4096];
        var length = 0;
        while (!buffer.AsSpan(0, length).EndsWith("0\r\n\r\n"u8))
        {
            length += await connection.ReceiveAsync(buffer.AsMemory(length), TestContext.Current.CancellationToken);
        }

        await connection.SendAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), TestContext.Current.CancellationToken);
        return Encoding.ASCII.GetString(buffer, 0, length);
    }
}
