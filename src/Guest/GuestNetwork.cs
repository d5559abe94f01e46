namespace Skiff.Guest;

/// <summary>
/// What of its network namespace a guest may use, as texts: addresses with ports, as <c>--net</c> and <c>skiff.dev/net</c> have
/// them. The run wing reads them.
/// </summary>
/// <param name="Destinations">Where connections and datagrams may go, and which names may be looked up.</param>
/// <param name="Listen">Own addresses that may be listened at.</param>
public sealed record GuestNetwork(IReadOnlyList<string> Destinations, IReadOnlyList<string> Listen)
{
    private const string Everything = "*";

    public static GuestNetwork None { get; } = new([], []);

    public static GuestNetwork All { get; } = new([Everything], [Everything]);
}
