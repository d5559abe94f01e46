using System.Net;
using System.Net.Sockets;

namespace Skiff.Http.Listening;

/// <summary>What Kestrel believes to listen on: one name for each version of HTTP, behind which the sockets of all sites stand.</summary>
internal sealed class ProtocolEndPoint(string name) : EndPoint
{
    public static readonly ProtocolEndPoint Http1 = new("http/1.1");
    public static readonly ProtocolEndPoint Http2 = new("h2");

    public override AddressFamily AddressFamily => AddressFamily.Unspecified;

    public override string ToString() => name;
}
