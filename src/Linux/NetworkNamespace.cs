using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Skiff.Linux.Sockets;

namespace Skiff.Linux;

/// <summary>
/// A network namespace in which sockets are made. A socket belongs for its whole life to the namespace in which the thread was that
/// made it (network_namespaces(7)), whichever threads use it later; so do the connections that it accepts. Binding, connecting and
/// listening go by the socket, so only making it needs this.
/// </summary>
public sealed partial class NetworkNamespace : IDisposable
{
    private const int CLONE_NEWNET = 0x40000000;

    // ioctl_ns(2); the same number on every processor that .NET runs on.
    private const nuint NS_GET_NSTYPE = 0xB703;

    private readonly SafeFileHandle? _namespace;
    private readonly NamespaceThread? _thread;

    /// <param name="namespace">An open <c>/proc/PID/ns/net</c>; taken over.</param>
    /// <exception cref="LinuxException">It is no network namespace.</exception>
    public NetworkNamespace(SafeFileHandle @namespace, NamespaceThread thread)
    {
        ArgumentNullException.ThrowIfNull(thread);
        if (ioctl(@namespace, NS_GET_NSTYPE, 0) != CLONE_NEWNET)
        {
            throw new LinuxException("use as a network namespace", Errno.EINVAL, "the descriptor for the guest's sockets");
        }

        (_namespace, _thread) = (@namespace, thread);
    }

    private NetworkNamespace()
    {
    }

    /// <summary>The process's own.</summary>
    public static NetworkNamespace Own { get; } = new();

    /// <summary>A new socket of TCP or UDP, as .NET makes them for itself: it waits unless it is used asynchronously.</summary>
    /// <exception cref="SocketException">The limit of open files, a family that the kernel does not have, or a namespace that cannot be entered.</exception>
    public Socket NewSocket(bool v6, bool stream)
    {
        var answer = SocketCalls.Open(this, v6, stream, waits: true, out var opened);
        if (answer < 0)
        {
            throw new SocketException((int)CodeOf(-answer), new LinuxException("make a socket", -answer, "the network namespace of a guest").Message);
        }

        using (opened)
        {
            return Descriptors.ToSocket(opened!);
        }
    }

    /// <summary>As socket(2): a descriptor, or the negative error number, also of entering the namespace.</summary>
    internal int Open(int family, int type) =>
        _thread is null ? NamespaceThread.Open(family, type) : _thread.Open(_namespace!, family, type);

    public void Dispose() => _namespace?.Dispose();

    private static SocketError CodeOf(int error) => error switch
    {
        Errno.EMFILE or Errno.ENFILE => SocketError.TooManyOpenSockets,
        Errno.ENOMEM or Errno.ENOBUFS => SocketError.NoBufferSpaceAvailable,
        Errno.EAFNOSUPPORT => SocketError.AddressFamilyNotSupported,
        Errno.EACCES or Errno.EPERM => SocketError.AccessDenied,
        _ => SocketError.SocketError,
    };

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int ioctl(SafeHandle descriptor, nuint request, nint argument);
}
