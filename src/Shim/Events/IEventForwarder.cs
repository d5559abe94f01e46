namespace Skiff.Shim.Events;

/// <summary>Delivers one event to containerd.</summary>
internal interface IEventForwarder
{
    /// <exception cref="Ttrpc.TtrpcConnectionException">containerd is away; the event can be sent again.</exception>
    /// <exception cref="Ttrpc.TtrpcException">containerd has refused it.</exception>
    Task ForwardAsync(ReadOnlyMemory<byte> forwardRequest, CancellationToken cancellation);
}
