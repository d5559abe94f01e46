using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// One end of a SOCK_SEQPACKET pair, whose messages carry descriptors (SCM_RIGHTS, unix(7)). Each message arrives whole, with its
/// descriptors, or not at all.
/// </summary>
public sealed partial class DescriptorSocket : IDisposable
{
    /// <summary>SCM_MAX_FD: the kernel takes no more in one message.</summary>
    public const int DescriptorsMax = 253;

    /// <summary>Largest message in bytes; it must have at least one, because an empty one looks like the end.</summary>
    public const int MessageBytesMax = 4096;

    private const int SOCK_CLOEXEC = 0x80000;
    private const int SOCK_SEQPACKET = 5;
    private const int AF_UNIX = 1;
    private const int MSG_NOSIGNAL = 0x4000;

    private readonly Socket _socket;

    /// <param name="descriptor">A connected SOCK_SEQPACKET socket; taken over.</param>
    public DescriptorSocket(SafeFileHandle descriptor) => _socket = Descriptors.ToSocket(descriptor);

    /// <summary>Two connected ends; the second is for a child.</summary>
    public static unsafe (DescriptorSocket Ours, SafeFileHandle Theirs) Pair()
    {
        var ends = stackalloc int[2];
        Libc.Check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
        return (new DescriptorSocket(new SafeFileHandle(ends[0], ownsHandle: true)), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    /// <summary>
    /// Sends one message with copies of the descriptors, which stay the caller's. Blocks while the peer's queue is full: a peer that
    /// does not read is none of ours.
    /// </summary>
    /// <exception cref="LinuxException">EPIPE, ECONNRESET: the peer is gone.</exception>
    public unsafe void Send(ReadOnlySpan<byte> message, IReadOnlyList<SafeHandle> descriptors)
    {
        ArgumentNullException.ThrowIfNull(descriptors);
        ArgumentOutOfRangeException.ThrowIfZero(message.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Length, MessageBytesMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Count, DescriptorsMax);
        var control = stackalloc byte[DescriptorMessage.ControlBytes(descriptors.Count)];
        var held = 0;
        try
        {
            var numbers = new int[descriptors.Count];
            for (; held < numbers.Length; held++)
            {
                var added = false;
                descriptors[held].DangerousAddRef(ref added);
                numbers[held] = (int)descriptors[held].DangerousGetHandle();
            }

            fixed (byte* payload = message)
            {
                var vector = new DescriptorMessage.IoVector { Start = payload, Length = (nuint)message.Length };
                var header = DescriptorMessage.ForSending(&vector, control, numbers);
                while (sendmsg(_socket.SafeHandle, &header, MSG_NOSIGNAL) < 0)
                {
                    switch (Marshal.GetLastPInvokeError())
                    {
                        case Errno.EINTR:
                            break;
                        case Errno.EAGAIN:
                            // .NET makes sockets that are awaited non-blocking.
                            _socket.Poll(-1, SelectMode.SelectWrite);
                            break;
                        default:
                            throw Libc.Failure("sendmsg");
                    }
                }
            }
        }
        finally
        {
            for (var i = 0; i < held; i++)
            {
                descriptors[i].DangerousRelease();
            }
        }
    }

    /// <summary>The next message with the descriptors that came with it, now the caller's; null when the peer is gone.</summary>
    public async Task<(byte[] Message, IReadOnlyList<SafeFileHandle> Descriptors)?> ReceiveAsync(CancellationToken cancellation)
    {
        while (true)
        {
            // Waits without taking anything, as .NET's own receive would drop the descriptors.
            await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellation);
            var buffer = new byte[MessageBytesMax];
            var length = DescriptorMessage.TryReceive(_socket.SafeHandle, buffer, DescriptorsMax, out var descriptors);
            if (length >= 0)
            {
                return length == 0 ? null : (buffer[..length], descriptors);
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int socketpair(int domain, int type, int protocol, int* ends);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial nint sendmsg(SafeHandle socket, DescriptorMessage.MessageHeader* message, int flags);
}
