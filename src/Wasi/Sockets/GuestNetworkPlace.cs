using System.Net;
using System.Net.Sockets;
using Skiff.Linux;
using Skiff.Wasi.Names;

namespace Skiff.Wasi.Sockets;

/// <summary>
/// Where in the network one guest is: the namespace in which its sockets are made, and who finds the addresses of names for it.
/// Given to all that make connections for it or listen for it; what it may reach from there is for <see cref="NetworkGrants"/> to say.
/// </summary>
public sealed class GuestNetworkPlace : IDisposable
{
    /// <summary>Lookups at once. Each has two sockets of the host, or a thread of the pool (getaddrinfo).</summary>
    private const int LookupsMax = 16;

    /// <summary>Lookups that wait for their turn.</summary>
    private const int WaitingMax = 1024;

    private readonly SemaphoreSlim _turns = new(LookupsMax);
    private int _waiting;

    /// <summary>The process's own namespace, and its resolver.</summary>
    public GuestNetworkPlace()
        : this(NetworkNamespace.Own, new SystemNames())
    {
    }

    /// <summary>Takes both over.</summary>
    public GuestNetworkPlace(NetworkNamespace @namespace, INameResolver names) => (Namespace, Names) = (@namespace, names);

    /// <summary>That of a pod: its namespace, and name lookups from there by the files below the guest's root.</summary>
    /// <param name="namespace">Taken over.</param>
    /// <param name="root">The guest's root directory, of which <c>etc/hosts</c> and <c>etc/resolv.conf</c> are read; taken over. Null: as
    /// one without these files.</param>
    public static GuestNetworkPlace OfPod(NetworkNamespace @namespace, RootDirectory? root, TimeProvider time) =>
        new(@namespace, new PodNames(root, @namespace, time));

    public NetworkNamespace Namespace { get; }

    private INameResolver Names { get; }

    /// <summary>A socket that is bound and listens here. IPv6 does not listen for IPv4.</summary>
    /// <exception cref="SocketException">It cannot.</exception>
    public Socket Listen(IPEndPoint address, int backlog)
    {
        ArgumentNullException.ThrowIfNull(address);
        var v6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        var socket = Namespace.NewSocket(v6, stream: true);
        try
        {
            if (v6)
            {
                socket.DualMode = false;
            }

            socket.Bind(address);
            socket.Listen(backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The addresses of a name, the best first. Whether the guest may ask, is for the caller to say.</summary>
    /// <exception cref="SocketException">
    /// <see cref="SocketError.HostNotFound"/>, <see cref="SocketError.NoData"/>, <see cref="SocketError.TryAgain"/> (also: too many at
    /// once) or <see cref="SocketError.NoRecovery"/>.
    /// </exception>
    public async Task<IPAddress[]> LookUpAsync(string name, CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref _waiting) > WaitingMax)
        {
            Interlocked.Decrement(ref _waiting);
            throw new SocketException((int)SocketError.TryAgain, $"look up {name}: {WaitingMax} lookups of this guest wait already");
        }

        try
        {
            await _turns.WaitAsync(cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        // What cannot be called off keeps its turn to its end, whether anybody waits for it or not.
        return await InTurnAsync(name, cancellation).WaitAsync(cancellation);
    }

    public void Dispose()
    {
        Names.Dispose();
        Namespace.Dispose();
    }

    private async Task<IPAddress[]> InTurnAsync(string name, CancellationToken cancellation)
    {
        try
        {
            return await Names.LookUpAsync(name, cancellation);
        }
        finally
        {
            _turns.Release();
        }
    }
}
