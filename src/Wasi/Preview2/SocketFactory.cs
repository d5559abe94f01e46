using Skiff.Components.Host;
using Skiff.Wasi.Bindings.Sockets;
using Skiff.Wasi.Sockets;

namespace Skiff.Wasi.Preview2;

/// <summary>What makes sockets and lookups: the free functions of <c>wasi:sockets</c>.</summary>
internal sealed class SocketFactory(GuestSockets sockets) : IInstanceNetwork, ITcpCreateSocket, IUdpCreateSocket, IIpNameLookup
{
    /// <summary>There is one network: what the grants allow is asked of each address.</summary>
    public INetwork InstanceNetwork() => new Network();

    public Result<ITcpSocket, ErrorCode> CreateTcpSocket(IpAddressFamily addressFamily) => TcpSocket.Create(sockets, addressFamily);

    public Result<IUdpSocket, ErrorCode> CreateUdpSocket(IpAddressFamily addressFamily) => UdpSocket.Create(sockets, addressFamily);

    public Result<IResolveAddressStream, ErrorCode> ResolveAddresses(INetwork network, GuestString name) =>
        NameLookup.Start(sockets, name.ToString());

    private sealed class Network : INetwork;
}
