using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Skiff.Http.Listening;

/// <summary>
/// Hands Kestrel the connections of all listeners: one queue for those that speak HTTP/1.1, one for HTTP/2. The queues are
/// unbounded because each listener bounds its connections alive.
/// </summary>
internal sealed class ConnectionSource : IConnectionListenerFactory
{
    private readonly Channel<ConnectionContext> _http1 = Queue();
    private readonly Channel<ConnectionContext> _http2 = Queue();

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new(new Listener(endpoint, endpoint == ProtocolEndPoint.Http2 ? _http2 : _http1));

    /// <summary>False when the server has stopped: the connection stays the caller's.</summary>
    public bool TryOffer(ConnectionContext connection, bool http2) => (http2 ? _http2 : _http1).Writer.TryWrite(connection);

    private static Channel<ConnectionContext> Queue() =>
        Channel.CreateUnbounded<ConnectionContext>(new UnboundedChannelOptions { SingleReader = true });

    private sealed class Listener(EndPoint endPoint, Channel<ConnectionContext> accepted) : IConnectionListener
    {
        public EndPoint EndPoint { get; } = endPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (await accepted.Reader.WaitToReadAsync(cancellationToken))
            {
                if (accepted.Reader.TryRead(out var connection))
                {
                    return connection;
                }
            }

            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            accepted.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }

        public async ValueTask DisposeAsync()
        {
            accepted.Writer.TryComplete();
            while (accepted.Reader.TryRead(out var connection))
            {
                await connection.DisposeAsync();
            }
        }
    }
}
