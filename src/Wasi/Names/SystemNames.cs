using System.Net;

namespace Skiff.Wasi.Names;

/// <summary>The process's resolver: getaddrinfo(3), with the files and the name service switch of the process's root.</summary>
internal sealed class SystemNames : INameResolver
{
    // getaddrinfo cannot be called off. The token would end the task and leave the thread behind, uncounted.
    public Task<IPAddress[]> LookUpAsync(string name, CancellationToken cancellation) => Dns.GetHostAddressesAsync(name, CancellationToken.None);

    public void Dispose()
    {
    }
}
