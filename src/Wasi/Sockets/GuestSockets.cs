using System.Net;
using Skiff.Linux.Files;
using Skiff.Linux.Sockets;
using Skiff.Wasi.Bindings.Sockets;
using Skiff.Wasi.Quotas;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Sockets;

/// <summary>Sockets and name lookup of one guest, within its grants.</summary>
public sealed class GuestSockets : IDisposable
{
    /// <summary>Addresses that names were found to have. Beyond it, the oldest knowledge goes: all of it.</summary>
    private const int ResolvedMax = 1024;

    private readonly Dictionary<IPAddress, List<AddressGrant>> _resolved = [];

    private readonly List<TcpSocket> _listeners = [];
    private readonly QuotaShare _descriptors;
    private readonly QuotaShare _sockets;

    /// <param name="listeners">Addresses to listen at from the start; see <see cref="WasiContext.Listeners"/>.</param>
    /// <exception cref="Linux.LinuxException">One cannot be listened at; the message names it.</exception>
    internal GuestSockets(
        NetworkGrants grants, GuestNetworkPlace place, IReadOnlyList<IPEndPoint> listeners, ReadinessLoop readiness, QuotaShare descriptors, QuotaShare sockets)
    {
        Grants = grants;
        Place = place;
        Readiness = readiness;
        (_descriptors, _sockets) = (descriptors, sockets);
        try
        {
            foreach (var listener in listeners)
            {
                _listeners.Add(TcpSocket.Listening(this, new InternetEndpoint(listener.Address, (ushort)listener.Port)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public NetworkGrants Grants { get; }

    internal GuestNetworkPlace Place { get; }

    internal ReadinessLoop Readiness { get; }

    /// <summary>Whether the guest may reach it: by a grant of the address, or of a name that was found to have it.</summary>
    internal bool AllowsDestination(InternetEndpoint remote)
    {
        if (Grants.AllowsDestination(remote.Address, remote.Port))
        {
            return true;
        }

        lock (_resolved)
        {
            return _resolved.TryGetValue(AddressGrant.Plain(remote.Address), out var grants)
                && grants.Exists(grant => grant.CoversPort(remote.Port));
        }
    }

    internal bool AllowsListen(InternetEndpoint local) => Grants.AllowsListen(local.Address, local.Port);

    /// <summary>An own port that the system chooses is no more than a connection brings along.</summary>
    internal bool AllowsBind(InternetEndpoint local) => AllowsListen(local) || (local.Port == 0 && Grants.Destinations.Count > 0);

    /// <summary>Lets the guest reach the addresses of a name that is granted.</summary>
    internal void Resolved(string name, IReadOnlyList<IPAddress> addresses)
    {
        var grants = Grants.Destinations.Where(grant => grant.Covers(name)).ToList();
        lock (_resolved)
        {
            if (_resolved.Count + addresses.Count > ResolvedMax)
            {
                _resolved.Clear();
            }

            foreach (var address in addresses)
            {
                _resolved[AddressGrant.Plain(address)] = grants;
            }
        }
    }

    /// <summary>The listening sockets, for whoever gives them to the guest and disposes them.</summary>
    internal IReadOnlyList<TcpSocket> TakeListeners()
    {
        var taken = _listeners.ToArray();
        _listeners.Clear();
        return taken;
    }

    /// <summary>Closes the listeners that nobody took.</summary>
    public void Dispose() => _listeners.ForEach(listener => listener.Dispose());

    /// <summary>A place for one socket; false: the guest has as many as it may, or as many descriptors.</summary>
    internal bool TryTakePlace()
    {
        if (!_sockets.TryTake())
        {
            return false;
        }

        if (_descriptors.TryTake())
        {
            return true;
        }

        _sockets.Give();
        return false;
    }

    internal void GivePlace()
    {
        _descriptors.Give();
        _sockets.Give();
    }

    /// <summary>Opens a socket; null and why not.</summary>
    internal SharedDescriptor? TryOpen(bool v6, bool stream, out ErrorCode error)
    {
        error = ErrorCode.NewSocketLimit;
        if (!TryTakePlace())
        {
            return null;
        }

        var answer = SocketCalls.Open(Place.Namespace, v6, stream, waits: false, out var handle);
        if (answer >= 0 && v6)
        {
            // wasi:sockets: an IPv6 socket never speaks IPv4.
            answer = SocketCalls.SetOption(handle!, SocketOption.V6Only, 1);
        }

        if (answer < 0)
        {
            handle?.Dispose();
            GivePlace();
            error = SocketWords.Of(answer);
            return null;
        }

        return new SharedDescriptor(handle!, isNonBlocking: true);
    }
}
