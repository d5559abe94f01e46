using Skiff.Ttrpc;

namespace Skiff.Shim.Events;

/// <summary>
/// containerd's events service over a connection of our own, made on the first event and again after a loss. One caller at a
/// time (<see cref="EventQueue"/>).
/// </summary>
internal sealed class TtrpcEventForwarder(string address, TimeProvider time) : IEventForwarder, IAsyncDisposable
{
    private const string Service = "containerd.services.events.ttrpc.v1.Events";

    /// <summary>What containerd's own shims allow; it answers in less than a millisecond when it is well.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private TtrpcClient? _client;

    public async Task ForwardAsync(ReadOnlyMemory<byte> forwardRequest, CancellationToken cancellation)
    {
        if (_client is { Ended.IsCompleted: true })
        {
            await DisposeAsync();
        }

        _client ??= await TtrpcClient.ConnectAsync(address, time, cancellation);
        await _client.CallAsync(Service, "Forward", forwardRequest, Timeout, metadata: null, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is { } client)
        {
            _client = null;
            await client.DisposeAsync();
        }
    }
}
