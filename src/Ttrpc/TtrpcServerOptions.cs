using System.Net.Sockets;

namespace Skiff.Ttrpc;

/// <summary>Clock, limits and observers of a <see cref="TtrpcServer"/>. Observers must not throw.</summary>
public sealed class TtrpcServerOptions
{
    /// <summary>The clock of deadlines and of the stop's grace.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long calls in flight may still answer when <see cref="TtrpcServer.ServeAsync"/> is cancelled.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Connections beyond this are closed at once. containerd opens one per container, so this is far above a node's
    /// pods; it holds the memory of idle connections under 128 MiB.
    /// </summary>
    public int ConnectionsMax { get; init; } = 16_384;

    /// <summary>
    /// Calls in flight on one connection; more are answered <see cref="TtrpcStatus.ResourceExhausted"/>. A Wait is in
    /// flight for the life of its process and a pending call costs about 1 KiB, so 16 Ki allows every real caller
    /// and holds one connection to about 16 MiB.
    /// </summary>
    public int CallsPerConnectionMax { get; init; } = 16_384;

    /// <summary>
    /// Request bytes held by the calls in flight of one connection; more are answered <see cref="TtrpcStatus.ResourceExhausted"/>.
    /// Eight messages of the largest size: containerd's real requests are a few KiB.
    /// </summary>
    public long RequestBytesPerConnectionMax { get; init; } = 32 * 1024 * 1024;

    /// <summary>A connection ended otherwise than by its peer closing it between two frames.</summary>
    public Action<TtrpcConnectionException>? ConnectionBroken { get; init; }

    /// <summary>A handler threw something else than a <see cref="TtrpcException"/> or the cancellation of its call.</summary>
    public Action<TtrpcCall, Exception>? HandlerFailed { get; init; }

    /// <summary>A connection could not be accepted (no descriptors left, say); the server tries again.</summary>
    public Action<SocketException>? AcceptFailed { get; init; }
}
