using Skiff.Components.Host;
using Skiff.Linux.Files;
using Skiff.Linux.Sockets;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Bindings.Sockets;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Sockets;

/// <summary><c>wasi:sockets/udp.udp-socket</c>.</summary>
internal sealed class UdpSocket : IUdpSocket, IDisposable
{
    private readonly GuestSockets _sockets;
    private readonly SharedDescriptor _shared;
    private readonly bool _v6;
    private bool _isBinding;
    private bool _isBound;
    private InternetEndpoint? _remote;
    private bool _disposed;

    private UdpSocket(GuestSockets sockets, SharedDescriptor shared, bool v6)
    {
        _sockets = sockets;
        _shared = shared;
        _v6 = v6;
    }

    private System.Runtime.InteropServices.SafeHandle Handle => _shared.Handle;

    public static Result<IUdpSocket, ErrorCode> Create(GuestSockets sockets, IpAddressFamily family)
    {
        var v6 = family == IpAddressFamily.Ipv6;
        return sockets.TryOpen(v6, stream: false, out var error) is { } shared
            ? Result<IUdpSocket, ErrorCode>.Ok(new UdpSocket(sockets, shared, v6))
            : error;
    }

    public Result<Unit, ErrorCode> StartBind(INetwork network, IpSocketAddress localAddress)
    {
        var local = SocketWords.Of(localAddress);
        if (_isBinding || _isBound)
        {
            return ErrorCode.InvalidState;
        }

        if (!SocketWords.Fits(local, _v6))
        {
            return ErrorCode.InvalidArgument;
        }

        if (!_sockets.AllowsBind(local))
        {
            return ErrorCode.AccessDenied;
        }

        var answer = SocketCalls.Bind(Handle, local);
        if (answer < 0)
        {
            return SocketWords.OfBind(answer);
        }

        _isBinding = true;
        return default(Unit);
    }

    public Result<Unit, ErrorCode> FinishBind()
    {
        if (!_isBinding)
        {
            return ErrorCode.NotInProgress;
        }

        (_isBinding, _isBound) = (false, true);
        return default(Unit);
    }

    public Result<(IIncomingDatagramStream, IOutgoingDatagramStream), ErrorCode> Stream(IpSocketAddress? remoteAddress)
    {
        if (!_isBound)
        {
            return ErrorCode.InvalidState;
        }

        InternetEndpoint? remote = remoteAddress is { } given ? SocketWords.Of(given) : null;
        if (remote is { } to)
        {
            if (!SocketWords.Fits(to, _v6) || !SocketWords.IsRemote(to))
            {
                return ErrorCode.InvalidArgument;
            }

            if (!_sockets.AllowsDestination(to))
            {
                return ErrorCode.AccessDenied;
            }
        }

        // Also from one address to another: Linux takes that, others do not.
        var answer = _remote is null && remote is null ? 0 : SocketCalls.Disconnect(Handle);
        answer = answer >= 0 && remote is { } target ? SocketCalls.Connect(Handle, target) : answer;
        if (answer < 0)
        {
            return SocketWords.Of(answer);
        }

        _remote = remote;
        SocketCalls.LocalAddress(Handle, out var local);
        var fromAnybody = _sockets.AllowsListen(local);
        return (
            (IIncomingDatagramStream)new IncomingDatagrams(_sockets, _shared.Hold(), remote, fromAnybody),
            new OutgoingDatagrams(_sockets, _shared.Hold(), _v6, remote));
    }

    public Result<IpSocketAddress, ErrorCode> LocalAddress()
    {
        if (!_isBound)
        {
            return ErrorCode.InvalidState;
        }

        var answer = SocketCalls.LocalAddress(Handle, out var endpoint);
        return answer < 0 ? SocketWords.Of(answer) : SocketWords.Of(endpoint);
    }

    public Result<IpSocketAddress, ErrorCode> RemoteAddress() =>
        _remote is { } remote ? SocketWords.Of(remote) : ErrorCode.InvalidState;

    public IpAddressFamily AddressFamily() => _v6 ? IpAddressFamily.Ipv6 : IpAddressFamily.Ipv4;

    public Result<byte, ErrorCode> UnicastHopLimit() => SocketOptions.HopLimit(Handle, _v6);

    public Result<Unit, ErrorCode> SetUnicastHopLimit(byte value) => SocketOptions.SetHopLimit(Handle, _v6, value);

    public Result<ulong, ErrorCode> ReceiveBufferSize() => SocketOptions.Buffer(Handle, SocketOption.ReceiveBuffer);

    public Result<Unit, ErrorCode> SetReceiveBufferSize(ulong value) => SocketOptions.SetBuffer(Handle, SocketOption.ReceiveBuffer, value);

    public Result<ulong, ErrorCode> SendBufferSize() => SocketOptions.Buffer(Handle, SocketOption.SendBuffer);

    public Result<Unit, ErrorCode> SetSendBufferSize(ulong value) => SocketOptions.SetBuffer(Handle, SocketOption.SendBuffer, value);

    /// <summary>For bind, which is done when it is started.</summary>
    public IPollable Subscribe() => new AlwaysReady();

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _shared.Release();
            _sockets.GivePlace();
        }
    }

    private sealed class AlwaysReady : Pollable
    {
        public override bool IsReady => true;

        public override ValueTask WaitAsync(CancellationToken cancellation) => ValueTask.CompletedTask;
    }
}

/// <summary>Ready when a datagram can be received, or sent.</summary>
internal sealed class DatagramsReady(SharedDescriptor shared, ReadinessLoop readiness, Readiness wanted, Func<bool> isGone) : Pollable
{
    public override bool IsReady => isGone() || ReadinessLoop.Now(shared.Handle, wanted) != Readiness.None;

    public override ValueTask WaitAsync(CancellationToken cancellation) =>
        isGone() ? ValueTask.CompletedTask : readiness.WaitAsync(shared.Handle, wanted, cancellation);
}
