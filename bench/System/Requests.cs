using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Skiff.Harness;
using Skiff.Linux;

namespace Skiff.Bench;

/// <summary>HTTP requests to <c>127.0.0.1:8080</c> of a container's own network namespace, a connection for each.</summary>
internal sealed class Requests : IDisposable
{
    private static readonly NamespaceThread Thread = new();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly NetworkNamespace _namespace;
    private readonly HttpClient _client;

    /// <param name="pid">Any process in the namespace.</param>
    public Requests(uint pid)
    {
        _namespace = new NetworkNamespace(File.OpenHandle($"/proc/{pid}/ns/net"), Thread);
        _client = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, stop) => await ConnectAsync(stop) });
        _client.DefaultRequestHeaders.ConnectionClose = true;
    }

    /// <summary>To a container that is made, started and waited for until it answers.</summary>
    public static async Task<Requests> StartAsync(TestTask task)
    {
        var requests = new Requests(await task.CreateTaskAsync());
        await task.StartAsync();
        await requests.FirstAnswerAsync();
        return requests;
    }

    /// <summary>Asked again and again, for as long as nobody listens.</summary>
    private async Task FirstAnswerAsync()
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await _client.GetStringAsync("http://127.0.0.1:8080/");
                return;
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(start) < Patience)
            {
                await Task.Delay(1);
            }
        }
    }

    /// <summary>Milliseconds from the request to the whole answer.</summary>
    public async Task<double> TimeAsync()
    {
        var start = Stopwatch.GetTimestamp();
        await _client.GetStringAsync("http://127.0.0.1:8080/");
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    public void Dispose()
    {
        _client.Dispose();
        _namespace.Dispose();
    }

    private async Task<Stream> ConnectAsync(CancellationToken stop)
    {
        var socket = _namespace.NewSocket(v6: false, stream: true);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, 8080), stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
