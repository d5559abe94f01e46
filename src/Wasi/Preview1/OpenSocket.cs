using Skiff.Linux.Files;
using Skiff.Linux.Sockets;
using Skiff.Wasi.Sockets;

namespace Skiff.Wasi.Preview1;

/// <summary>A listening socket that the guest was given, or a connection accepted from one.</summary>
internal sealed class OpenSocket(TcpSocket socket) : OpenDescriptor(Filetype.SocketStream, Rights.Socket, Rights.Socket)
{
    private FdFlags _flags;

    public TcpSocket Socket => socket;

    public override FdFlags Flags => _flags;

    public override bool HasHungUp => ReadinessLoop.Now(socket.Handle, Readiness.None) != Readiness.None;

    public override WasiErrno SetFlags(FdFlags flags)
    {
        _flags = flags & FdFlags.Nonblock;
        return WasiErrno.Success;
    }

    public override WasiErrno TryRead(Span<byte> buffer, out int count)
    {
        var answer = FileCalls.Read(socket.Handle, buffer);
        count = Math.Max(answer, 0);
        return LinuxErrors.Of(answer);
    }

    /// <summary>As <see cref="TryRead"/>, leaving the bytes where they are (<c>riflags::recv_peek</c>).</summary>
    public WasiErrno TryPeek(Span<byte> buffer, out int count)
    {
        var answer = SocketCalls.Peek(socket.Handle, buffer);
        count = Math.Max(answer, 0);
        return LinuxErrors.Of(answer);
    }

    public override WasiErrno TryWrite(ReadOnlySpan<byte> bytes, out int count)
    {
        var answer = SocketCalls.SendTo(socket.Handle, bytes, null);
        count = Math.Max(answer, 0);
        return LinuxErrors.Of(answer);
    }

    public override bool IsReady(Readiness wanted) => ReadinessLoop.Now(socket.Handle, wanted) != Readiness.None;

    public override ValueTask WaitAsync(Readiness wanted, CancellationToken cancellation) =>
        socket.Loop.WaitAsync(socket.Handle, wanted, cancellation);

    public override void Dispose() => socket.Dispose();
}
