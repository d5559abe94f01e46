using Skiff.Engine;

namespace Skiff.Http.Serving;

/// <summary>How a guest's requests are handled.</summary>
public sealed record ServingOptions
{
    /// <summary>Requests that guests work on at once; further ones wait. Never more than the kernel has memory maps for.</summary>
    public int InFlightMax { get; init => field = Math.Min(value, GuestLimit.Largest); } = Math.Min(1000, GuestLimit.Largest);

    /// <summary>Requests that wait for a place; at the limit they are refused at once.</summary>
    public int QueueMax { get; init; } = 10_000;

    /// <summary>How long a request waits for a place before it is refused (503, Retry-After).</summary>
    public TimeSpan QueueTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the request to the end of the guest's work on it; over it the client gets 504, or a response that ends short.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Requests that one instance answers, one after the other. 1: each gets a fresh instance, and nothing that a guest keeps or
    /// leaks outlives a request.
    /// </summary>
    public int RequestsPerInstance { get; init; } = 1;

    /// <summary>What bounds the requests in flight of all guests of the process together; null: this guest is alone in it.</summary>
    public SharedPlaces? Shared { get; init; }
}
