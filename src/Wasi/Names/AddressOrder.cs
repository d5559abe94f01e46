using System.Net;
using System.Net.Sockets;
using Skiff.Linux;
using Skiff.Linux.Sockets;

namespace Skiff.Wasi.Names;

/// <summary>
/// Which address of a host to try first (RFC 6724, 6), by the rules that matter here: what has no route comes last (1), a destination
/// of another kind than the own address that would speak to it comes late (5; a pod's IPv6 addresses often lead nowhere but to other
/// pods), then IPv6 before IPv4 (6).
/// </summary>
internal static class AddressOrder
{
    // Any: nothing is sent.
    private const ushort Port = 53;

    private const int NoRoute = 4;
    private const int OtherLabel = 2;

    public static IPAddress[] Sort(IReadOnlyList<IPAddress> addresses, NetworkNamespace network) =>
        addresses.Count == 1 ? [addresses[0]] : [.. addresses.OrderBy(address => Rank(address, network))];

    private static int Rank(IPAddress address, NetworkNamespace network)
    {
        var v6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        if (SocketCalls.Open(network, v6, stream: false, waits: false, out var opened) < 0)
        {
            return NoRoute;
        }

        using (opened)
        {
            return SocketCalls.Connect(opened!, new InternetEndpoint(address, Port)) < 0 || SocketCalls.LocalAddress(opened!, out var own) < 0
                ? NoRoute
                : (v6 && own.Address.IsIPv6UniqueLocal != address.IsIPv6UniqueLocal ? OtherLabel : 0) + (v6 ? 0 : 1);
        }
    }
}
