using System.Net;
using System.Net.Sockets;

namespace Skiff.Wasi.Names;

/// <summary>Finds the addresses of host names.</summary>
public interface INameResolver : IDisposable
{
    /// <summary>At least one address, the best first. May be called by many at once; blocks nobody.</summary>
    /// <param name="name">A host name, no address.</param>
    /// <exception cref="SocketException">
    /// <see cref="SocketError.HostNotFound"/>: there is no such name; <see cref="SocketError.NoData"/>: it has no address;
    /// <see cref="SocketError.TryAgain"/>: no server could say; <see cref="SocketError.NoRecovery"/>: asking again is of no use.
    /// </exception>
    Task<IPAddress[]> LookUpAsync(string name, CancellationToken cancellation);
}
