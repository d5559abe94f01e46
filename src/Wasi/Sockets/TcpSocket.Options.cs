using Skiff.Components.Host;
using Skiff.Linux.Sockets;
using Skiff.Wasi.Bindings.Sockets;

namespace Skiff.Wasi.Sockets;

/// <summary>Addresses and options.</summary>
internal sealed partial class TcpSocket
{
    public Result<IpSocketAddress, ErrorCode> LocalAddress()
    {
        if (_state is State.Unbound or State.BindStarted or State.Closed)
        {
            return ErrorCode.InvalidState;
        }

        var answer = SocketCalls.LocalAddress(Handle, out var endpoint);
        return answer < 0 ? SocketWords.Of(answer) : SocketWords.Of(endpoint);
    }

    public Result<IpSocketAddress, ErrorCode> RemoteAddress()
    {
        if (_state != State.Connected)
        {
            return ErrorCode.InvalidState;
        }

        var answer = SocketCalls.RemoteAddress(Handle, out var endpoint);
        return answer < 0 ? SocketWords.Of(answer) : SocketWords.Of(endpoint);
    }

    public bool IsListening() => _state == State.Listening;

    public IpAddressFamily AddressFamily() => _v6 ? IpAddressFamily.Ipv6 : IpAddressFamily.Ipv4;

    public Result<Unit, ErrorCode> SetListenBacklogSize(ulong value)
    {
        if (value == 0)
        {
            return ErrorCode.InvalidArgument;
        }

        if (_state is State.Connecting or State.Connected or State.Closed)
        {
            return ErrorCode.InvalidState;
        }

        _backlog = (int)Math.Min(value, BacklogMax);
        var answer = _state == State.Listening ? SocketCalls.Listen(Handle, _backlog) : 0;
        return answer < 0 ? SocketWords.Of(answer) : default(Unit);
    }

    public Result<bool, ErrorCode> KeepAliveEnabled() => SocketOptions.Flag(Handle, SocketOption.KeepAlive);

    public Result<Unit, ErrorCode> SetKeepAliveEnabled(bool value) => SocketOptions.Set(Handle, SocketOption.KeepAlive, value ? 1 : 0);

    public Result<ulong, ErrorCode> KeepAliveIdleTime() => SocketOptions.Duration(Handle, SocketOption.KeepAliveIdle);

    public Result<Unit, ErrorCode> SetKeepAliveIdleTime(ulong value) => SocketOptions.SetDuration(Handle, SocketOption.KeepAliveIdle, value);

    public Result<ulong, ErrorCode> KeepAliveInterval() => SocketOptions.Duration(Handle, SocketOption.KeepAliveInterval);

    public Result<Unit, ErrorCode> SetKeepAliveInterval(ulong value) => SocketOptions.SetDuration(Handle, SocketOption.KeepAliveInterval, value);

    public Result<uint, ErrorCode> KeepAliveCount() => SocketOptions.Count(Handle, SocketOption.KeepAliveCount);

    public Result<Unit, ErrorCode> SetKeepAliveCount(uint value) => SocketOptions.SetCount(Handle, SocketOption.KeepAliveCount, value);

    public Result<byte, ErrorCode> HopLimit() => SocketOptions.HopLimit(Handle, _v6);

    public Result<Unit, ErrorCode> SetHopLimit(byte value) => SocketOptions.SetHopLimit(Handle, _v6, value);

    public Result<ulong, ErrorCode> ReceiveBufferSize() => SocketOptions.Buffer(Handle, SocketOption.ReceiveBuffer);

    public Result<Unit, ErrorCode> SetReceiveBufferSize(ulong value) => SocketOptions.SetBuffer(Handle, SocketOption.ReceiveBuffer, value);

    public Result<ulong, ErrorCode> SendBufferSize() => SocketOptions.Buffer(Handle, SocketOption.SendBuffer);

    public Result<Unit, ErrorCode> SetSendBufferSize(ulong value) => SocketOptions.SetBuffer(Handle, SocketOption.SendBuffer, value);
}
