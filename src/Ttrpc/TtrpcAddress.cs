using System.Net.Sockets;
using System.Text;

namespace Skiff.Ttrpc;

/// <summary>Addresses as containerd writes them: <c>unix:///run/x.sock</c>, <c>/run/x.sock</c>, or <c>@name</c> for an abstract socket.</summary>
public static class TtrpcAddress
{
    private const string Scheme = "unix://";

    /// <summary>Bytes of a path in <c>sockaddr_un</c>, its terminating zero excluded.</summary>
    public const int PathBytesMax = 107;

    /// <exception cref="ArgumentException">The address has another scheme, or its path is empty or longer than the kernel takes.</exception>
    public static UnixDomainSocketEndPoint Parse(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var path = address.StartsWith(Scheme, StringComparison.Ordinal) ? address[Scheme.Length..] : address;
        if (path.Length == 0 || path.Contains("://", StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{address}' is not the address of a Unix socket (unix:///path, /path or @abstract).", nameof(address));
        }

        var length = Encoding.UTF8.GetByteCount(path);
        if (length > PathBytesMax)
        {
            throw new ArgumentException($"The socket path '{path}' has {length} bytes; the kernel takes at most {PathBytesMax}.", nameof(address));
        }

        return new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path);
    }
}
