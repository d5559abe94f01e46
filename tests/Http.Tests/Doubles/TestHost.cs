using System.Net;
using System.Net.Sockets;
using Skiff.Http.Listening;
using Skiff.Http.Serving;

namespace Skiff.Http.Tests.Doubles;

/// <summary>A host with one listener on a port of the kernel's choice.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private TestHost(HttpHost host, SiteListener listener) => (Host, Listener) = (host, listener);

    public HttpHost Host { get; }

    public SiteListener Listener { get; }

    public IPEndPoint EndPoint => (IPEndPoint)Listener.EndPoint;

    public string Address => $"127.0.0.1:{EndPoint.Port}";

    public static Task<TestHost> StartAsync(IRequestHandler handler, HttpLimits? limits = null, TlsIdentity? tls = null, AccessLog? log = null) =>
        StartAsync(new HttpSite("test", handler) { AccessLog = log }, limits, tls);

    public static async Task<TestHost> StartAsync(HttpSite site, HttpLimits? limits = null, TlsIdentity? tls = null)
    {
        var host = new HttpHost(limits ?? new HttpLimits(), TimeProvider.System);
        await host.StartAsync(CancellationToken.None);
        return new TestHost(host, host.Listen(Bound(), site, tls));
    }

    public static Socket Bound()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen(512);
        return socket;
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
