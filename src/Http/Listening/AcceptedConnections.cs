using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Skiff.Http.Serving;

namespace Skiff.Http.Listening;

/// <summary>Makes connections of accepted sockets: the pipes are Kestrel's own, the rest is <see cref="SiteConnection"/>.</summary>
internal sealed class AcceptedConnections(HttpLimits limits, TimeProvider time, ILoggerFactory log) : IDisposable
{
    private readonly SocketConnectionContextFactory _factory = new(
        new SocketConnectionFactoryOptions
        {
            MaxReadBufferSize = Math.Max(limits.RequestBufferBytes, Math.Max(limits.RequestLineBytesMax, limits.HeaderBytesMax)),
            MaxWriteBufferSize = limits.ResponseBufferBytes,
        },
        log.CreateLogger<SocketConnectionContextFactory>());

    public TimeProvider Time => time;

    public void Dispose() => _factory.Dispose();

    /// <summary>Takes the socket. <paramref name="ended"/> is called once, when the connection has let go of everything.</summary>
    public SiteConnection Create(Socket socket, HttpSite site, Action<SiteConnection> ended)
    {
        socket.NoDelay = socket.AddressFamily != AddressFamily.Unix;
        return new SiteConnection(_factory.Create(socket), socket, site, limits.HalfClosed, time, ended);
    }
}
