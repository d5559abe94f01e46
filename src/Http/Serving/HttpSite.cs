using Skiff.Guest;

namespace Skiff.Http.Serving;

/// <summary>Who answers the requests of a listener: a sandbox, or the process's own health page.</summary>
/// <param name="Name">For log lines and metrics.</param>
public sealed record HttpSite(string Name, IRequestHandler Handler)
{
    /// <summary>Other processes accept from the same socket.</summary>
    public bool SharesSocket { get; init; }

    /// <summary>Connections alive at once. At the limit no further one is accepted: they wait in the kernel's backlog.</summary>
    public int ConnectionsMax { get; init; } = GuestBounds.Default.Connections!.Value;

    /// <summary>Null: requests leave no line.</summary>
    public AccessLog? AccessLog { get; init; }
}
