using System.Net;
using Skiff.Linux;
using Skiff.Linux.Sockets;
using Skiff.Wasi.Bindings.Sockets;

namespace Skiff.Wasi.Sockets;

/// <summary>Between the words of <c>wasi:sockets</c> and Linux's.</summary>
internal static class SocketWords
{
    private const int HextetBytes = 2;

    public static ErrorCode Of(long answer) => Of(LinuxErrors.Of(answer));

    public static ErrorCode Of(WasiErrno errno) => errno switch
    {
        WasiErrno.Access or WasiErrno.NotPermitted => ErrorCode.AccessDenied,
        WasiErrno.NotSupported or WasiErrno.ProtocolNotSupported or WasiErrno.NoProtocolOption or WasiErrno.AddressFamilyNotSupported =>
            ErrorCode.NotSupported,
        WasiErrno.Invalid or WasiErrno.DestinationAddressRequired => ErrorCode.InvalidArgument,
        WasiErrno.NoMemory or WasiErrno.NoBuffer => ErrorCode.OutOfMemory,
        WasiErrno.TimedOut => ErrorCode.Timeout,
        WasiErrno.Already => ErrorCode.ConcurrencyConflict,
        WasiErrno.Again or WasiErrno.InProgress => ErrorCode.WouldBlock,
        WasiErrno.IsConnected or WasiErrno.NotConnected => ErrorCode.InvalidState,
        WasiErrno.TooManyFiles or WasiErrno.TooManyFilesInSystem => ErrorCode.NewSocketLimit,
        WasiErrno.AddressNotAvailable => ErrorCode.AddressNotBindable,
        WasiErrno.AddressInUse => ErrorCode.AddressInUse,
        WasiErrno.HostUnreachable or WasiErrno.NetworkUnreachable or WasiErrno.NetworkDown => ErrorCode.RemoteUnreachable,
        WasiErrno.ConnectionRefused => ErrorCode.ConnectionRefused,
        WasiErrno.ConnectionReset or WasiErrno.Pipe => ErrorCode.ConnectionReset,
        WasiErrno.ConnectionAborted => ErrorCode.ConnectionAborted,
        WasiErrno.MessageSize => ErrorCode.DatagramTooLarge,
        _ => ErrorCode.Unknown,
    };

    /// <summary>bind(2) says EADDRNOTAVAIL or EINVAL of an address that is not this machine's; connect(2) says other things by them.</summary>
    public static ErrorCode OfBind(long answer) => answer == -Errno.EADDRINUSE ? ErrorCode.AddressInUse : Of(answer);

    public static InternetEndpoint Of(IpSocketAddress address) => address.Case == IpSocketAddress.Kind.Ipv4
        ? new InternetEndpoint(Address(address.AsIpv4.Address), address.AsIpv4.Port)
        : new InternetEndpoint(Address(address.AsIpv6.Address, address.AsIpv6.ScopeId), address.AsIpv6.Port, address.AsIpv6.FlowInfo);

    public static IpSocketAddress Of(InternetEndpoint endpoint) => endpoint.IsV6
        ? IpSocketAddress.Ipv6(new Ipv6SocketAddress(
            endpoint.Port, endpoint.FlowInfo, Of(endpoint.Address).AsIpv6, (uint)endpoint.Address.ScopeId))
        : IpSocketAddress.Ipv4(new Ipv4SocketAddress(endpoint.Port, Of(endpoint.Address).AsIpv4));

    public static IpAddress Of(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        if (bytes.Length == sizeof(uint))
        {
            return IpAddress.Ipv4((bytes[0], bytes[1], bytes[2], bytes[3]));
        }

        return IpAddress.Ipv6((
            Hextet(bytes, 0), Hextet(bytes, 1), Hextet(bytes, 2), Hextet(bytes, 3),
            Hextet(bytes, 4), Hextet(bytes, 5), Hextet(bytes, 6), Hextet(bytes, 7)));
    }

    /// <summary>Whether a socket of this family can have such an address at all. Mapped addresses would bring IPv4 in by the back door.</summary>
    public static bool Fits(InternetEndpoint endpoint, bool v6) => endpoint.IsV6 == v6 && !endpoint.Address.IsIPv4MappedToIPv6;

    /// <summary>Whether one can connect or send to it.</summary>
    public static bool IsRemote(InternetEndpoint endpoint) =>
        endpoint.Port != 0 && !endpoint.Address.Equals(IPAddress.Any) && !endpoint.Address.Equals(IPAddress.IPv6Any);

    public static bool IsUnicast(IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6
        ? !address.IsIPv6Multicast
        : address.GetAddressBytes()[0] is < 224 or >= 240 && !address.Equals(IPAddress.Broadcast);

    private static ushort Hextet(byte[] bytes, int index) =>
        (ushort)((bytes[index * HextetBytes] << 8) | bytes[(index * HextetBytes) + 1]);

    private static IPAddress Address((byte A, byte B, byte C, byte D) parts) => new([parts.A, parts.B, parts.C, parts.D]);

    private static IPAddress Address((ushort A, ushort B, ushort C, ushort D, ushort E, ushort F, ushort G, ushort H) parts, uint scope) =>
        new(
            [
                (byte)(parts.A >> 8), (byte)parts.A, (byte)(parts.B >> 8), (byte)parts.B, (byte)(parts.C >> 8), (byte)parts.C,
                (byte)(parts.D >> 8), (byte)parts.D, (byte)(parts.E >> 8), (byte)parts.E, (byte)(parts.F >> 8), (byte)parts.F,
                (byte)(parts.G >> 8), (byte)parts.G, (byte)(parts.H >> 8), (byte)parts.H,
            ],
            scope);
}
