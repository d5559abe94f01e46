using System.Globalization;
using System.Net;

namespace Skiff.Wasi.Sockets;

/// <summary>
/// Addresses with ports, as an operator grants them: <c>HOST[:PORT[-PORT]]</c>, where HOST is an IP address (IPv6 in
/// brackets when a port follows), a network (<c>10.0.0.0/8</c>), a name (<c>example.com</c>), all names below one
/// (<c>*.example.com</c>) or <c>*</c>. Without a port: every port.
/// </summary>
public sealed record AddressGrant
{
    private const string Any = "*";
    private const string Below = "*.";

    private readonly IPNetwork? _network;

    private AddressGrant(string text, string? name, IPNetwork? network, ushort firstPort, ushort lastPort)
    {
        Text = text;
        Name = name;
        _network = network;
        FirstPort = firstPort;
        LastPort = lastPort;
    }

    /// <summary>Every address and port.</summary>
    public static AddressGrant Everything { get; } = new(Any, null, null, 0, ushort.MaxValue);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>The name, in lower case, or <c>*.</c> and a name; null for addresses.</summary>
    public string? Name { get; }

    public ushort FirstPort { get; }

    public ushort LastPort { get; }

    /// <exception cref="FormatException">The message says what is wrong with the text.</exception>
    public static AddressGrant Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (host, ports) = Split(text.Trim());
        var (first, last) = Ports(text, ports);
        if (host == Any)
        {
            return new AddressGrant(text, null, null, first, last);
        }

        if (host.Contains('/', StringComparison.Ordinal))
        {
            return IPNetwork.TryParse(host, out var network)
                ? new AddressGrant(text, null, network, first, last)
                : throw new FormatException($"{text}: {host} is no network; write it like 10.0.0.0/8 or [fd00::]/8");
        }

        if (IPAddress.TryParse(host, out var address) && (host.Contains(':', StringComparison.Ordinal) || host.Count(c => c == '.') == 3))
        {
            address = Plain(address);
            return new AddressGrant(text, null, new IPNetwork(address, address.GetAddressBytes().Length * 8), first, last);
        }

        var bare = host.StartsWith(Below, StringComparison.Ordinal) ? host[Below.Length..] : host;
        return Uri.CheckHostName(bare) == UriHostNameType.Dns
            ? new AddressGrant(text, host.ToLowerInvariant().TrimEnd('.'), null, first, last)
            : throw new FormatException($"{text}: {host} is neither an address, a network nor a host name");
    }

    /// <summary>Whether an address is among them. A name grants none here: see <see cref="Covers(string)"/>.</summary>
    public bool Covers(IPAddress address, ushort port) =>
        Name is null && CoversPort(port) && (_network is not { } network || network.Contains(Plain(address)));

    /// <summary>Whether a host name may be looked up, and its addresses reached at <see cref="CoversPort"/>.</summary>
    public bool Covers(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Name is null)
        {
            // A grant of all addresses includes finding them; one of some does not let names be asked for.
            return _network is null;
        }

        name = name.TrimEnd('.');
        return Name.StartsWith(Below, StringComparison.Ordinal)
            ? name.EndsWith(Name[1..], StringComparison.OrdinalIgnoreCase) && name.Length > Name.Length - 1
            : name.Equals(Name, StringComparison.OrdinalIgnoreCase);
    }

    public bool CoversPort(ushort port) => port >= FirstPort && port <= LastPort;

    public override string ToString() => Text;

    internal static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static (string Host, string? Ports) Split(string text)
    {
        if (text.StartsWith('['))
        {
            var end = text.IndexOf(']', StringComparison.Ordinal);
            if (end < 0)
            {
                throw new FormatException($"{text}: the bracket is not closed");
            }

            var rest = text[(end + 1)..];
            var colon = rest.IndexOf(':', StringComparison.Ordinal);
            var prefix = colon < 0 ? rest : rest[..colon];
            return (text[1..end] + prefix, colon < 0 ? null : rest[(colon + 1)..]);
        }

        var last = text.LastIndexOf(':');
        // More than one colon and no brackets: an IPv6 address without a port.
        return last < 0 || text.IndexOf(':', StringComparison.Ordinal) != last ? (text, null) : (text[..last], text[(last + 1)..]);
    }

    private static (ushort First, ushort Last) Ports(string text, string? ports)
    {
        if (ports is null or Any)
        {
            return (0, ushort.MaxValue);
        }

        var dash = ports.IndexOf('-', StringComparison.Ordinal);
        var (from, to) = dash < 0 ? (ports, ports) : (ports[..dash], ports[(dash + 1)..]);
        return ushort.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && ushort.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            && first <= last
                ? (first, last)
                : throw new FormatException($"{text}: {ports} is no port and no range of ports (0 to 65535)");
    }
}
