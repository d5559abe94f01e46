using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// A listening Unix socket as a bare descriptor, to be handed to a child: without .NET's socket machinery, whose start costs
/// more than all the rest of a short program.
/// </summary>
public static unsafe partial class UnixListener
{
    /// <summary>Longest path in UTF-8 bytes: sun_path has 108 and ends with a zero.</summary>
    public const int PathBytesMax = 107;

    private const int AF_UNIX = 1;
    private const int SOCK_STREAM = 1;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int Backlog = 128;

    /// <summary>Binds and listens; null when the path is taken, by a living listener or by one that left its socket behind.</summary>
    /// <param name="mode">Who may connect (write permission). The process's umask still takes bits away.</param>
    /// <exception cref="LinuxException">The path is too long, its folder is missing, …</exception>
    public static SafeFileHandle? TryListen(string path, UnixFileMode mode)
    {
        RequireFits(path);
        var listener = Libc.Own(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket", path);
        try
        {
            // The mode of an unbound socket becomes the mode of the file: no moment at which others could connect.
            Libc.Check(fchmod(listener, (uint)mode), "fchmod", path);
            Span<byte> address = stackalloc byte[2 + PathBytesMax + 1];
            address.Clear();
            BinaryPrimitives.WriteUInt16LittleEndian(address, AF_UNIX);
            Encoding.UTF8.GetBytes(path, address[2..]);
            fixed (byte* start = address)
            {
                if (bind(listener, start, (uint)address.Length) != 0)
                {
                    if (Marshal.GetLastPInvokeError() != Errno.EADDRINUSE)
                    {
                        throw Libc.Failure("bind socket", path);
                    }

                    listener.Dispose();
                    return null;
                }
            }

            Libc.Check(listen(listener, Backlog), "listen", path);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes over a listener that another process has made. It says listen(2) once more, which makes this process the peer that
    /// <see cref="UnixPeer"/> finds.
    /// </summary>
    public static Socket TakeInherited(int number)
    {
        var listener = Descriptors.TakeInheritedSocket(number);
        listener.Listen(Backlog);
        return listener;
    }

    internal static void RequireFits(string path)
    {
        var length = Encoding.UTF8.GetByteCount(path);
        if (length is 0 or > PathBytesMax)
        {
            throw new LinuxException(
                $"bind socket (the path has {length} bytes, a socket's may have 1 to {PathBytesMax}: use a folder with a shorter path)",
                Errno.ENAMETOOLONG,
                path);
        }
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int fchmod(SafeHandle descriptor, uint mode);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int bind(SafeHandle socket, byte* address, uint length);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int listen(SafeHandle socket, int backlog);
}
