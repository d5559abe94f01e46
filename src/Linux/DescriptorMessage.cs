using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>The structures of sendmsg(2) and recvmsg(2) for descriptors (SCM_RIGHTS, cmsg(3)).</summary>
internal static unsafe partial class DescriptorMessage
{
    private const int SOL_SOCKET = 1;
    private const int SCM_RIGHTS = 1;
    private const int MSG_CMSG_CLOEXEC = 0x40000000;
    private const int MSG_DONTWAIT = 0x40;

    /// <summary>cmsghdr: length (8 bytes), level (4), type (4); the descriptors follow.</summary>
    private const int HeaderBytes = 16;

    /// <summary>CMSG_SPACE: rounded up to 8 bytes.</summary>
    public static int ControlBytes(int descriptors) => HeaderBytes + (((descriptors * sizeof(int)) + 7) & ~7);

    public static MessageHeader ForSending(IoVector* vector, byte* control, ReadOnlySpan<int> descriptors)
    {
        var message = new MessageHeader { Vectors = vector, VectorCount = 1 };
        if (descriptors.Length > 0)
        {
            *(nuint*)control = (nuint)(HeaderBytes + (descriptors.Length * sizeof(int)));
            *(int*)(control + 8) = SOL_SOCKET;
            *(int*)(control + 12) = SCM_RIGHTS;
            descriptors.CopyTo(new Span<int>(control + HeaderBytes, descriptors.Length));
            message.Control = control;
            message.ControlLength = (nuint)ControlBytes(descriptors.Length);
        }

        return message;
    }

    /// <summary>One recvmsg(2), without waiting: bytes received (0: the peer is gone; -1: nothing there) and what came along.</summary>
    /// <param name="most">More descriptors than these are closed by the kernel.</param>
    public static int TryReceive(SafeHandle socket, Span<byte> buffer, int most, out IReadOnlyList<SafeFileHandle> descriptors)
    {
        descriptors = [];
        var control = stackalloc byte[ControlBytes(most)];
        fixed (byte* payload = buffer)
        {
            var vector = new IoVector { Start = payload, Length = (nuint)buffer.Length };
            var message = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = (nuint)ControlBytes(most) };
            var received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
            if (received < 0)
            {
                return Marshal.GetLastPInvokeError() switch
                {
                    Errno.EAGAIN or Errno.EINTR => -1,
                    Errno.ECONNRESET => 0,
                    _ => throw Libc.Failure("recvmsg"),
                };
            }

            if (message.ControlLength >= HeaderBytes && *(int*)(control + 8) == SOL_SOCKET && *(int*)(control + 12) == SCM_RIGHTS)
            {
                var handles = new SafeFileHandle[((int)*(nuint*)control - HeaderBytes) / sizeof(int)];
                for (var i = 0; i < handles.Length; i++)
                {
                    handles[i] = new SafeFileHandle(((int*)(control + HeaderBytes))[i], ownsHandle: true);
                }

                descriptors = handles;
            }

            return (int)received;
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct IoVector
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary>msghdr of glibc on 64-bit processors.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MessageHeader
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
    private static partial nint recvmsg(SafeHandle socket, MessageHeader* message, int flags);
}
