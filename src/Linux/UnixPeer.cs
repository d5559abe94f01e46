using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Skiff.Linux;

/// <summary>Asks whether somebody listens on a Unix socket, without .NET's socket machinery (see <see cref="UnixListener"/>).</summary>
public static unsafe partial class UnixPeer
{
    private const int AF_UNIX = 1;
    private const int SOCK_STREAM = 1;
    private const int SOCK_NONBLOCK = Libc.O_NONBLOCK;
    private const int SOCK_CLOEXEC = Libc.O_CLOEXEC;
    private const int ENOTSOCK = 88;
    private const int EPROTOTYPE = 91;
    private const int ECONNREFUSED = 111;
    private const int SOL_SOCKET = 1;
    private const int SO_PEERCRED = 17;
    private const short POLLRDHUP = 0x2000;

    /// <summary>How long the end of a process may take, by default: it gives back its memory before it closes its files.</summary>
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// True when a connection is taken, or would be once the listener has worked off its queue. False when there is no
    /// socket, or one whose listener is gone, or about to be: of a process that was killed the kernel closes the sockets last, and until
    /// then it takes connections for them.
    /// </summary>
    /// <param name="dying">How long one may take to be gone. By default two seconds where a process is seen to end, and where nothing is known
    /// of it (see <see cref="UnixListener.TakeInherited"/>) nothing is waited for.</param>
    public static bool IsListening(string path, TimeSpan dying = default) => IsListening(path, out _, dying);

    /// <param name="pid">Of the listener, or of whoever has started it; 0 when there is none.</param>
    public static bool IsListening(string path, out int pid, TimeSpan dying = default)
    {
        pid = 0;
        UnixListener.RequireFits(path);
        using var probe = Libc.Own(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket", path);
        Span<byte> address = stackalloc byte[2 + UnixListener.PathBytesMax + 1];
        address.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, AF_UNIX);
        Encoding.UTF8.GetBytes(path, address[2..]);
        fixed (byte* start = address)
        {
            if (connect(probe, start, (uint)address.Length) == 0)
            {
                pid = PeerOf(probe);
                return ProcessIdentity.Lives(pid) switch
                {
                    true => true,
                    false => !IsHungUpByEndOf(pid, probe, dying > TimeSpan.Zero ? dying : EndTime),
                    null => dying <= TimeSpan.Zero || !IsHungUp(probe, dying),
                };
            }
        }

        return Marshal.GetLastPInvokeError() switch
        {
            Errno.EAGAIN => true,
            ECONNREFUSED or Errno.ENOENT or Errno.ENOTDIR or ENOTSOCK or EPROTOTYPE => false,
            _ => throw Libc.Failure("connect to socket", path),
        };
    }

    // What ends may be the server, and then its sockets go with it; or the one that started it, and then the server, which has the listener as well,
    // has not come to say listen(2) yet. The kernel tells them apart once all of the process has ended.
    private static bool IsHungUpByEndOf(int pid, SafeHandle connection, TimeSpan within)
    {
        var begun = Environment.TickCount64;
        do
        {
            // In this order: what it had open is closed by then.
            var hasEnded = ProcessIdentity.HasEnded(pid);
            if (IsHungUp(connection, hasEnded ? TimeSpan.Zero : PollTime))
            {
                return true;
            }

            if (hasEnded)
            {
                return false;
            }
        }
        while (Environment.TickCount64 - begun < within.TotalMilliseconds);

        return true;
    }

    // A server that lives says nothing of itself. Of one that ends the kernel hangs up the connections, also those in its queue.
    private static bool IsHungUp(SafeHandle connection, TimeSpan within)
    {
        var entry = new PollEntry { Descriptor = (int)connection.DangerousGetHandle(), Events = POLLRDHUP };
        return Libc.poll(&entry, 1, (int)within.TotalMilliseconds) > 0;
    }

    // Whoever called listen(2) last (unix(7), SO_PEERCRED): the server, or, as long as it has not come to that, the one that started it.
    private static int PeerOf(SafeHandle connection)
    {
        var credentials = stackalloc int[3];
        var size = 3u * sizeof(int);
        Libc.Check(Libc.getsockopt(connection, SOL_SOCKET, SO_PEERCRED, credentials, &size), "getsockopt SO_PEERCRED");
        return credentials[0];
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int connect(SafeHandle socket, byte* address, uint length);
}
