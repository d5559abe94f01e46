using System.Net.Sockets;
using Skiff.Http.Health;

namespace Skiff.Http.Workers;

/// <summary>A worker's end of its channel to the supervisor.</summary>
/// <param name="socket">What it was started with; taken over.</param>
public sealed class WorkerEnd(Socket socket) : IDisposable
{
    private readonly WorkerChannel _channel = new(socket);

    public void Dispose() => _channel.Dispose();

    /// <summary>Says that the worker answers requests, and tells its figures until it is asked to stop or its supervisor has gone.</summary>
    public async Task ServeAsync(SiteMetrics metrics, CancellationToken cancellation)
    {
        await _channel.SayReadyAsync(cancellation);
        await _channel.ServeAsync(() => WorkerChannel.Pack(ProcessFigures.Read(), metrics), cancellation);
    }
}
