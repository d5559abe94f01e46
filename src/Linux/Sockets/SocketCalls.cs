using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Skiff.Linux.Files;

namespace Skiff.Linux.Sockets;

/// <summary>
/// System calls on internet sockets, most of which are non-blocking. Answers as in <see cref="FileCalls"/>: a count or 0, or the
/// negative error number.
/// </summary>
public static partial class SocketCalls
{
    private const int SOCK_STREAM = 1;
    private const int SOCK_DGRAM = 2;
    private const int SOCK_NONBLOCK = Libc.O_NONBLOCK;
    private const int SOCK_CLOEXEC = Libc.O_CLOEXEC;
    private const int MSG_PEEK = 2;
    private const int MSG_TRUNC = 0x20;
    private const int MSG_NOSIGNAL = 0x4000;

    /// <param name="stream">TCP; else UDP.</param>
    /// <param name="waits">Not non-blocking.</param>
    public static int Open(NetworkNamespace place, bool v6, bool stream, bool waits, out SafeFileHandle? opened)
    {
        ArgumentNullException.ThrowIfNull(place);
        var type = (stream ? SOCK_STREAM : SOCK_DGRAM) | (waits ? 0 : SOCK_NONBLOCK) | SOCK_CLOEXEC;
        var descriptor = place.Open(InternetEndpoint.Family(v6), type);
        opened = descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : null;
        return Math.Min(descriptor, 0);
    }

    public static unsafe int Bind(SafeHandle handle, InternetEndpoint local)
    {
        var raw = stackalloc byte[InternetEndpoint.SizeMax];
        var size = local.Write(new Span<byte>(raw, InternetEndpoint.SizeMax));
        return FileCalls.Answer(bind(handle, raw, (uint)size));
    }

    /// <summary>EINPROGRESS: wait until it is writable, then ask for <see cref="SocketOption.Error"/>.</summary>
    public static unsafe int Connect(SafeHandle handle, InternetEndpoint remote)
    {
        var raw = stackalloc byte[InternetEndpoint.SizeMax];
        var size = remote.Write(new Span<byte>(raw, InternetEndpoint.SizeMax));
        return FileCalls.Answer(connect(handle, raw, (uint)size));
    }

    /// <summary>Lets a datagram socket forget its remote address (connect(2) to AF_UNSPEC).</summary>
    public static unsafe int Disconnect(SafeHandle handle)
    {
        var raw = stackalloc byte[InternetEndpoint.SizeMax];
        new Span<byte>(raw, InternetEndpoint.SizeMax).Clear();
        return FileCalls.Answer(connect(handle, raw, InternetEndpoint.SizeMax));
    }

    public static int Listen(SafeHandle handle, int backlog) => FileCalls.Answer(listen(handle, backlog));

    public static unsafe int Accept(SafeHandle handle, out SafeFileHandle? accepted)
    {
        int descriptor;
        do
        {
            descriptor = accept4(handle, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
        }
        while (FileCalls.Interrupted(descriptor));
        descriptor = FileCalls.Answer(descriptor);
        accepted = descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : null;
        return Math.Min(descriptor, 0);
    }

    /// <param name="how">0 receiving, 1 sending, 2 both.</param>
    public static int Shutdown(SafeHandle handle, int how) => FileCalls.Answer(shutdown(handle, how));

    public static unsafe int LocalAddress(SafeHandle handle, out InternetEndpoint endpoint) => Name(handle, &getsockname, out endpoint);

    public static unsafe int RemoteAddress(SafeHandle handle, out InternetEndpoint endpoint) => Name(handle, &getpeername, out endpoint);

    public static unsafe int GetOption(SafeHandle handle, SocketOption option, out int value)
    {
        int result = 0;
        uint size = sizeof(int);
        var answer = FileCalls.Answer(Libc.getsockopt(handle, option.Level, option.Name, &result, &size));
        value = result;
        return answer;
    }

    public static unsafe int SetOption(SafeHandle handle, SocketOption option, int value) =>
        FileCalls.Answer(setsockopt(handle, option.Level, option.Name, &value, sizeof(int)));

    /// <summary>Sends one datagram, to the connected address when none is given.</summary>
    public static unsafe int SendTo(SafeHandle handle, ReadOnlySpan<byte> bytes, InternetEndpoint? remote)
    {
        var raw = stackalloc byte[InternetEndpoint.SizeMax];
        var size = remote?.Write(new Span<byte>(raw, InternetEndpoint.SizeMax)) ?? 0;
        fixed (byte* start = bytes)
        {
            nint count;
            do
            {
                count = sendto(handle, start, (nuint)bytes.Length, MSG_NOSIGNAL, size == 0 ? null : raw, (uint)size);
            }
            while (FileCalls.Interrupted(count));
            return FileCalls.Answer(count);
        }
    }

    /// <summary>Receives one datagram and who sent it; bytes of a stream when <paramref name="sender"/> is of no use.</summary>
    /// <param name="peek">Leaves it where it is.</param>
    /// <returns>The length of the whole datagram, also when the buffer was too short.</returns>
    public static unsafe int ReceiveFrom(SafeHandle handle, Span<byte> buffer, bool peek, out InternetEndpoint? sender)
    {
        var raw = stackalloc byte[InternetEndpoint.SizeMax];
        new Span<byte>(raw, InternetEndpoint.SizeMax).Clear();
        uint size = InternetEndpoint.SizeMax;
        fixed (byte* start = buffer)
        {
            nint count;
            do
            {
                count = recvfrom(handle, start, (nuint)buffer.Length, MSG_TRUNC | (peek ? MSG_PEEK : 0), raw, &size);
            }
            while (FileCalls.Interrupted(count));
            var answer = FileCalls.Answer(count);
            sender = answer < 0 ? null : InternetEndpoint.Read(new ReadOnlySpan<byte>(raw, InternetEndpoint.SizeMax));
            return answer;
        }
    }

    /// <summary>Looks at bytes of a stream socket without taking them.</summary>
    public static unsafe int Peek(SafeHandle handle, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint count;
            do
            {
                count = recvfrom(handle, start, (nuint)buffer.Length, MSG_PEEK, null, null);
            }
            while (FileCalls.Interrupted(count));
            return FileCalls.Answer(count);
        }
    }

    private static unsafe int Name(SafeHandle handle, delegate*<SafeHandle, byte*, uint*, int> call, out InternetEndpoint endpoint)
    {
        var raw = stackalloc byte[InternetEndpoint.SizeMax];
        new Span<byte>(raw, InternetEndpoint.SizeMax).Clear();
        uint size = InternetEndpoint.SizeMax;
        var answer = FileCalls.Answer(call(handle, raw, &size));
        endpoint = default;
        if (answer >= 0)
        {
            if (InternetEndpoint.Read(new ReadOnlySpan<byte>(raw, InternetEndpoint.SizeMax)) is not { } read)
            {
                return -Errno.EOPNOTSUPP;
            }

            endpoint = read;
        }

        return answer;
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int bind(SafeHandle handle, byte* address, uint size);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int connect(SafeHandle handle, byte* address, uint size);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int listen(SafeHandle handle, int backlog);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int accept4(SafeHandle handle, byte* address, uint* size, int flags);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int shutdown(SafeHandle handle, int how);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int getsockname(SafeHandle handle, byte* address, uint* size);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int getpeername(SafeHandle handle, byte* address, uint* size);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int setsockopt(SafeHandle handle, int level, int name, void* value, uint size);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial nint sendto(SafeHandle handle, byte* buffer, nuint length, int flags, byte* address, uint size);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial nint recvfrom(SafeHandle handle, byte* buffer, nuint length, int flags, byte* address, uint* size);
}
