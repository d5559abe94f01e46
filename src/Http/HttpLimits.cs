namespace Skiff.Http;

/// <summary>What a client may ask of a host. Each number is a wall against one hostile client, not a tuning knob.</summary>
public sealed record HttpLimits
{
    /// <summary>Method, target and version, in bytes; longer ones get 414.</summary>
    public int RequestLineBytesMax { get; init; } = 16 * 1024;

    /// <summary>All headers of a request, in bytes; larger ones get 431. Trailers have the same bound.</summary>
    public int HeaderBytesMax { get; init; } = 64 * 1024;

    public int HeaderCountMax { get; init; } = 128;

    /// <summary>How long a connection may be silent between requests, and before its first one.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>From the first byte of a request's head to its last (slowloris); later it gets 408.</summary>
    public TimeSpan RequestHead { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Lower bound of a body's speed while somebody waits for it, in bytes per second, after <see cref="BodyGrace"/>.</summary>
    public double BodyBytesPerSecondMin { get; init; } = 240;

    public TimeSpan BodyGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Request body held in memory when the guest does not take it, per connection (HTTP/1.1) or stream (HTTP/2), in bytes.</summary>
    public int RequestBufferBytes { get; init; } = 256 * 1024;

    /// <summary>Response bytes that wait for a slow client before the guest's writes wait, in bytes.</summary>
    public int ResponseBufferBytes { get; init; } = 128 * 1024;

    /// <summary>Concurrent requests of one HTTP/2 connection.</summary>
    public int StreamsMax { get; init; } = 250;

    /// <summary>
    /// How long a request goes on after its client has closed its sending side. TCP cannot tell a client that only has
    /// nothing more to say (half-close) from one that has gone, until something is sent to it.
    /// </summary>
    public TimeSpan HalfClosed { get; init; } = TimeSpan.FromSeconds(2);
}
