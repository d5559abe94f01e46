using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Skiff.Bench.Http;

/// <summary>The peer: the same answers as the guest's, from Kestrel and nothing else, in the same kind of process.</summary>
internal sealed class PlainServer : IHttpApplication<IFeatureCollection>
{
    private static readonly byte[] Hello = "Hello, world!"u8.ToArray();

    public static async Task RunAsync(int port)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxRequestBodySize = null;
        options.Listen(IPAddress.Loopback, port);
        using var server = new KestrelServer(
            Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance), NullLoggerFactory.Instance);
        await server.StartAsync(new PlainServer(), CancellationToken.None);
        await Task.Delay(Timeout.Infinite);
    }

    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    public void DisposeContext(IFeatureCollection context, Exception? exception)
    {
    }

    public async Task ProcessRequestAsync(IFeatureCollection context)
    {
        var path = context.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var response = context.GetRequiredFeature<IHttpResponseFeature>();
        var body = context.GetRequiredFeature<IHttpResponseBodyFeature>();
        response.Headers.ContentType = "text/plain";
        if (path.StartsWith("/big/", StringComparison.Ordinal))
        {
            await SendAsync(body, int.Parse(path["/big/".Length..], CultureInfo.InvariantCulture) * 1024L);
        }
        else if (path == "/upload")
        {
            var total = await ReceiveAsync(context.GetRequiredFeature<IRequestBodyPipeFeature>().Reader);
            await body.Writer.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{total}\n"));
        }
        else
        {
            response.Headers.ContentLength = Hello.Length;
            await body.Writer.WriteAsync(Hello);
        }
    }

    private static async Task SendAsync(IHttpResponseBodyFeature body, long length)
    {
        const int Part = 64 * 1024;
        var bytes = new byte[Part];
        await body.StartAsync();
        for (; length > 0; length -= Part)
        {
            body.Writer.Write(bytes.AsSpan(0, (int)Math.Min(Part, length)));
            await body.Writer.FlushAsync();
        }
    }

    private static async Task<long> ReceiveAsync(PipeReader reader)
    {
        var total = 0L;
        for (; ; )
        {
            var read = await reader.ReadAsync();
            total += read.Buffer.Length;
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return total;
            }
        }
    }
}
