using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// Listens where an OCI runtime's <c>--console-socket</c> points to and receives one terminal (SCM_RIGHTS). The socket's
/// file can be connected to by its owner only and goes with <see cref="Dispose"/>.
/// </summary>
public sealed partial class ConsoleSocket : IDisposable
{
    private const int SOL_SOCKET = 1;
    private const int SCM_RIGHTS = 1;
    private const int MSG_CMSG_CLOEXEC = 0x40000000;
    private const int MSG_DONTWAIT = 0x40;

    /// <summary>A runtime sends one descriptor; room for a few more, so that surplus ones reach us and can be closed.</summary>
    private const int DescriptorsMax = 16;

    /// <summary>cmsghdr: length (8 bytes), level (4), type (4); the descriptors follow.</summary>
    private const int HeaderBytes = 16;

    private readonly string _path;
    private readonly Socket _listener;

    /// <param name="path">107 bytes at most.</param>
    /// <exception cref="LinuxException">The path is too long or taken.</exception>
    public ConsoleSocket(string path)
    {
        using var descriptor = UnixListener.TryListen(path, UnixFileMode.UserRead | UnixFileMode.UserWrite)
            ?? throw new LinuxException("console socket", Errno.EADDRINUSE, path);
        _path = path;
        _listener = new Socket(new SafeSocketHandle(descriptor.DangerousGetHandle(), ownsHandle: true));
        descriptor.SetHandleAsInvalid();
    }

    /// <summary>Waits for the runtime to connect and to send the terminal.</summary>
    /// <exception cref="LinuxException">It hung up without sending one, or what it sent is no terminal.</exception>
    public async Task<Terminal> ReceiveAsync(CancellationToken cancellation)
    {
        using var connection = await _listener.AcceptAsync(cancellation);
        while (true)
        {
            // Waits for data without taking it, as .NET's own receive would drop the descriptors that come with it.
            await connection.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellation);
            switch (Receive(connection.SafeHandle, out var master))
            {
                case 0 when master is null:
                    throw new LinuxException("console socket (the runtime hung up without sending a terminal)", Errno.EPIPE, _path);
                case >= 0 when master is not null:
                    return new Terminal(master);
            }
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        File.Delete(_path);
    }

    /// <summary>
    /// One recvmsg(2). Returns the bytes received (0: the peer hung up; -1: nothing there yet) and the first descriptor
    /// that came along.
    /// </summary>
    private unsafe int Receive(SafeHandle connection, out SafeFileHandle? master)
    {
        master = null;
        var payload = stackalloc byte[4096];
        const int ControlBytes = HeaderBytes + (DescriptorsMax * sizeof(int));
        var control = stackalloc byte[ControlBytes];
        var vector = new IoVector { Start = payload, Length = 4096 };
        var message = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = ControlBytes };
        var received = recvmsg(connection, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (received < 0)
        {
            return Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR ? -1 : throw Libc.Failure("recvmsg", _path);
        }

        if (message.ControlLength >= HeaderBytes && *(int*)(control + 8) == SOL_SOCKET && *(int*)(control + 12) == SCM_RIGHTS)
        {
            var count = ((int)*(nuint*)control - HeaderBytes) / sizeof(int);
            for (var i = 0; i < count; i++)
            {
                var handle = new SafeFileHandle(((int*)(control + HeaderBytes))[i], ownsHandle: true);
                if (master is null)
                {
                    master = handle;
                }
                else
                {
                    handle.Dispose();
                }
            }
        }

        return (int)received;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct IoVector
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary>msghdr of glibc on 64-bit processors.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial nint recvmsg(SafeHandle socket, MessageHeader* message, int flags);
}
