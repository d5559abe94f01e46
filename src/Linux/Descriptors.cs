using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>Descriptors .NET has no way to make. All are close-on-exec.</summary>
public static partial class Descriptors
{
    private const int AF_UNIX = 1;
    private const int SOCK_STREAM = 1;
    private const int SOCK_CLOEXEC = Libc.O_CLOEXEC;
    private const uint MFD_CLOEXEC = 1;

    /// <summary>A pipe: read end, write end; both blocking.</summary>
    public static unsafe (SafeFileHandle Read, SafeFileHandle Write) Pipe()
    {
        var ends = stackalloc int[2];
        Libc.Check(pipe2(ends, Libc.O_CLOEXEC), "pipe2");
        return (new(ends[0], ownsHandle: true), new(ends[1], ownsHandle: true));
    }

    /// <summary>A connected stream socket pair: ours as a <see cref="Socket"/>, theirs to be inherited by a child.</summary>
    public static unsafe (Socket Ours, SafeFileHandle Theirs) SocketPair()
    {
        var ends = stackalloc int[2];
        Libc.Check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
        return (new Socket(new SafeSocketHandle(ends[0], ownsHandle: true)), new(ends[1], ownsHandle: true));
    }

    /// <summary>Opens a file to append to, made with mode 0644, its parent folders with 0755.</summary>
    public static SafeFileHandle OpenAppend(string path)
    {
        if (Path.GetDirectoryName(path) is { Length: > 0 } folder)
        {
            const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
            Directory.CreateDirectory(folder, FolderMode);
        }

        const int Flags = Libc.O_WRONLY | Libc.O_APPEND | Libc.O_CREAT | Libc.O_NONBLOCK;
        var handle = Libc.Own(Libc.Open(path, Flags, mode: 0x1A4), "open for appending", path);
        try
        {
            SetBlocking(handle, true);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Anonymous memory file with this content, position 0.</summary>
    public static SafeFileHandle Memory(string name, ReadOnlySpan<byte> content)
    {
        var handle = Libc.Own(Libc.memfd_create(name, MFD_CLOEXEC), "memfd_create", name);
        try
        {
            // Positioned writes leave the shared offset at 0, where the reader wants it.
            RandomAccess.Write(handle, content, fileOffset: 0);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes ownership of a descriptor this process was started with, and keeps it from being inherited further.
    /// Fails with EBADF when the starter passed none by that number.
    /// </summary>
    public static SafeFileHandle TakeInherited(int number)
    {
        Libc.Check(Libc.fcntl(number, Libc.F_SETFD, Libc.FD_CLOEXEC), "inherited descriptor", $"{number}");
        return new SafeFileHandle(number, ownsHandle: true);
    }

    /// <summary><see cref="TakeInherited"/> for a socket, listening or connected.</summary>
    public static Socket TakeInheritedSocket(int number)
    {
        Libc.Check(Libc.fcntl(number, Libc.F_SETFD, Libc.FD_CLOEXEC), "inherited socket", $"{number}");
        return new Socket(new SafeSocketHandle(number, ownsHandle: true));
    }

    /// <summary>The socket of a descriptor, which is taken over.</summary>
    public static Socket ToSocket(SafeFileHandle descriptor)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        var socket = new Socket(new SafeSocketHandle(descriptor.DangerousGetHandle(), ownsHandle: true));
        descriptor.SetHandleAsInvalid();
        return socket;
    }

    /// <summary>A second descriptor of the same open file, owned by the caller.</summary>
    public static SafeFileHandle Duplicate(SafeHandle handle) =>
        Libc.Own(Libc.fcntl(handle, Libc.F_DUPFD_CLOEXEC, 0), "duplicate descriptor");

    /// <summary>Where the kernel says that an open file lies, links resolved; of one that was deleted it says so behind the path.</summary>
    public static string PathOf(SafeFileHandle handle)
    {
        var link = $"/proc/self/fd/{handle.DangerousGetHandle()}";
        return new FileInfo(link).LinkTarget ?? throw new LinuxException("readlink", Errno.ENOENT, link);
    }

    /// <summary>Whether reads and writes wait. Belongs to the open file: whoever shares it is told too.</summary>
    internal static void SetBlocking(SafeHandle handle, bool blocking)
    {
        var flags = Libc.Check(Libc.fcntl(handle, Libc.F_GETFL, 0), "fcntl F_GETFL");
        flags = blocking ? flags & ~Libc.O_NONBLOCK : flags | Libc.O_NONBLOCK;
        Libc.Check(Libc.fcntl(handle, Libc.F_SETFL, flags), "fcntl F_SETFL");
    }

    /// <summary>A second descriptor of the same socket, owned by the caller: the socket is closed with the last of them.</summary>
    public static Socket Duplicate(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        var number = Libc.Check(Libc.fcntl(socket.SafeHandle, Libc.F_DUPFD_CLOEXEC, 0), "duplicate socket");
        return new Socket(new SafeSocketHandle(number, ownsHandle: true));
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int pipe2(int* ends, int flags);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int socketpair(int domain, int type, int protocol, int* ends);
}
