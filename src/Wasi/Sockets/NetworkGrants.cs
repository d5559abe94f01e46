using System.Net;

namespace Skiff.Wasi.Sockets;

/// <summary>What of the network a guest may use. Nothing, unless granted. Immutable; shared by all rooms that open connections for it.</summary>
public sealed record NetworkGrants
{
    public static NetworkGrants None { get; } = new();

    /// <summary>Everything that the process's network namespace reaches.</summary>
    public static NetworkGrants All { get; } = new() { Destinations = [AddressGrant.Everything], Listen = [AddressGrant.Everything] };

    /// <summary>Where connections and datagrams may go, and which names may be looked up.</summary>
    public IReadOnlyList<AddressGrant> Destinations { get; init; } = [];

    /// <summary>The own addresses that may be bound to listen or to receive from anybody.</summary>
    public IReadOnlyList<AddressGrant> Listen { get; init; } = [];

    /// <summary>From the texts of options or annotations; see <see cref="AddressGrant"/>.</summary>
    /// <exception cref="FormatException">The message names the text and what is wrong with it.</exception>
    public static NetworkGrants Parse(IEnumerable<string> destinations, IEnumerable<string> listen) => new()
    {
        Destinations = [.. destinations.Select(AddressGrant.Parse)],
        Listen = [.. listen.Select(AddressGrant.Parse)],
    };

    public bool AllowsDestination(IPAddress address, ushort port) => Destinations.Any(grant => grant.Covers(address, port));

    /// <summary>Whether a host may be reached under its name: by the name's own grant, or because all addresses are granted.</summary>
    public bool AllowsDestination(string name, ushort port) => IPAddress.TryParse(name, out var address)
        ? AllowsDestination(address, port)
        : Destinations.Any(grant => grant.Covers(name) && grant.CoversPort(port));

    /// <summary>Whether a name may be looked up.</summary>
    public bool AllowsLookup(string name) => Destinations.Any(grant => grant.Covers(name));

    public bool AllowsListen(IPAddress address, ushort port) => Listen.Any(grant => grant.Covers(address, port));
}
