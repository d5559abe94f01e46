using System.Net;
using Skiff.Components.Host;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Sockets;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Bindings.Sockets;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Sockets;

/// <summary>
/// <c>wasi:sockets/tcp.tcp-socket</c>. Nothing waits: what takes time is started, and finished when the pollable is ready.
/// </summary>
internal sealed partial class TcpSocket : ITcpSocket, IDisposable
{
    private const int BacklogDefault = 128;
    private const int BacklogMax = 4096;

    private readonly GuestSockets _sockets;
    private readonly SharedDescriptor _shared;
    private readonly bool _v6;
    private State _state;
    private int _backlog = BacklogDefault;
    private int _startAnswer;
    private DescriptorOutputStream? _output;
    private bool _disposed;

    /// <summary>Takes the hold of the descriptor and the place in the budget over.</summary>
    private TcpSocket(GuestSockets sockets, SharedDescriptor shared, bool v6, State state)
    {
        _sockets = sockets;
        _shared = shared;
        _v6 = v6;
        _state = state;
    }

    /// <summary>wasi:sockets, "TCP state machine", less those in which only the guest has to act.</summary>
    private enum State
    {
        Unbound,
        BindStarted,
        Bound,
        ListenStarted,
        Listening,
        Connecting,
        Connected,
        Closed,
    }

    internal System.Runtime.InteropServices.SafeHandle Handle => _shared.Handle;

    internal ReadinessLoop Loop => _sockets.Readiness;

    /// <summary>A socket that listens already, for guests that cannot make one (Preview 1). The operator names it, so no grant is asked.</summary>
    /// <exception cref="LinuxException">It cannot; the message names the address.</exception>
    public static TcpSocket Listening(GuestSockets sockets, InternetEndpoint local)
    {
        var subject = $"{new IPEndPoint(local.Address, local.Port)}";
        var shared = sockets.TryOpen(local.IsV6, stream: true, out _) ?? throw new LinuxException("socket", Errno.EMFILE, subject);
        SocketCalls.SetOption(shared.Handle, SocketOption.ReuseAddress, 1);
        var answer = SocketCalls.Bind(shared.Handle, local);
        answer = answer < 0 ? answer : SocketCalls.Listen(shared.Handle, BacklogDefault);
        var socket = new TcpSocket(sockets, shared, local.IsV6, State.Listening);
        if (answer < 0)
        {
            socket.Dispose();
            throw new LinuxException("listen at", -answer, subject);
        }

        return socket;
    }

    /// <summary>The next connection, without streams.</summary>
    public WasiErrno TryAccept(out TcpSocket? accepted)
    {
        accepted = null;
        if (_state != State.Listening)
        {
            return WasiErrno.Invalid;
        }

        if (!_sockets.TryTakePlace())
        {
            return WasiErrno.TooManyFiles;
        }

        var answer = SocketCalls.Accept(Handle, out var handle);
        if (answer < 0)
        {
            _sockets.GivePlace();
            return LinuxErrors.Of(answer);
        }

        accepted = new TcpSocket(_sockets, new SharedDescriptor(handle!, isNonBlocking: true), _v6, State.Connected);
        return WasiErrno.Success;
    }

    public static Result<ITcpSocket, ErrorCode> Create(GuestSockets sockets, IpAddressFamily family)
    {
        var v6 = family == IpAddressFamily.Ipv6;
        return sockets.TryOpen(v6, stream: true, out var error) is { } shared
            ? Result<ITcpSocket, ErrorCode>.Ok(new TcpSocket(sockets, shared, v6, State.Unbound))
            : error;
    }

    public Result<Unit, ErrorCode> StartBind(INetwork network, IpSocketAddress localAddress)
    {
        var local = SocketWords.Of(localAddress);
        if (_state != State.Unbound)
        {
            return ErrorCode.InvalidState;
        }

        if (!SocketWords.Fits(local, _v6) || !SocketWords.IsUnicast(local.Address))
        {
            return ErrorCode.InvalidArgument;
        }

        if (!_sockets.AllowsBind(local))
        {
            return ErrorCode.AccessDenied;
        }

        // A server that starts again must not wait for its predecessor's last connections.
        SocketCalls.SetOption(Handle, SocketOption.ReuseAddress, 1);
        var answer = SocketCalls.Bind(Handle, local);
        if (answer < 0)
        {
            return SocketWords.OfBind(answer);
        }

        _state = State.BindStarted;
        return default(Unit);
    }

    public Result<Unit, ErrorCode> FinishBind()
    {
        if (_state != State.BindStarted)
        {
            return ErrorCode.NotInProgress;
        }

        _state = State.Bound;
        return default(Unit);
    }

    public Result<Unit, ErrorCode> StartConnect(INetwork network, IpSocketAddress remoteAddress)
    {
        var remote = SocketWords.Of(remoteAddress);
        if (_state is not (State.Unbound or State.Bound))
        {
            return ErrorCode.InvalidState;
        }

        if (!SocketWords.Fits(remote, _v6) || !SocketWords.IsRemote(remote) || !SocketWords.IsUnicast(remote.Address))
        {
            return ErrorCode.InvalidArgument;
        }

        if (!_sockets.AllowsDestination(remote))
        {
            return ErrorCode.AccessDenied;
        }

        _startAnswer = SocketCalls.Connect(Handle, remote);
        // Other failures are told by finish-connect, where guests look for them.
        _state = State.Connecting;
        return default(Unit);
    }

    public Result<(IInputStream, IOutputStream), ErrorCode> FinishConnect()
    {
        if (_state != State.Connecting)
        {
            return ErrorCode.NotInProgress;
        }

        if (_startAnswer == -Errno.EINPROGRESS)
        {
            if (ReadinessLoop.Now(Handle, Readiness.Writable) == Readiness.None)
            {
                return ErrorCode.WouldBlock;
            }

            SocketCalls.GetOption(Handle, SocketOption.Error, out var error);
            _startAnswer = -error;
        }

        if (_startAnswer < 0)
        {
            _state = State.Closed;
            return SocketWords.Of(_startAnswer);
        }

        _state = State.Connected;
        return Streams();
    }

    public Result<Unit, ErrorCode> StartListen()
    {
        if (_state != State.Bound)
        {
            return ErrorCode.InvalidState;
        }

        var answer = SocketCalls.LocalAddress(Handle, out var local);
        if (answer < 0)
        {
            return SocketWords.Of(answer);
        }

        if (!_sockets.AllowsListen(local))
        {
            return ErrorCode.AccessDenied;
        }

        answer = SocketCalls.Listen(Handle, _backlog);
        if (answer < 0)
        {
            return SocketWords.Of(answer);
        }

        _state = State.ListenStarted;
        return default(Unit);
    }

    public Result<Unit, ErrorCode> FinishListen()
    {
        if (_state != State.ListenStarted)
        {
            return ErrorCode.NotInProgress;
        }

        _state = State.Listening;
        return default(Unit);
    }

    public Result<(ITcpSocket, IInputStream, IOutputStream), ErrorCode> Accept()
    {
        if (_state != State.Listening)
        {
            return ErrorCode.InvalidState;
        }

        var error = TryAccept(out var accepted);
        if (error != WasiErrno.Success)
        {
            return SocketWords.Of(error);
        }

        var (input, output) = accepted!.Streams();
        return ((ITcpSocket)accepted, input, output);
    }

    public Result<Unit, ErrorCode> Shutdown(ShutdownType shutdownType)
    {
        if (_state != State.Connected)
        {
            return ErrorCode.InvalidState;
        }

        if (shutdownType != ShutdownType.Receive && _output is not null)
        {
            // What was written before goes out before.
            _output.EndWhenDrained();
            if (shutdownType == ShutdownType.Send)
            {
                return default(Unit);
            }
        }

        var answer = SocketCalls.Shutdown(Handle, shutdownType == ShutdownType.Send ? 1 : 0);
        // The other side may have gone already: then it is shut.
        return answer is < 0 and not -Errno.ENOTCONN ? SocketWords.Of(answer) : default(Unit);
    }

    public IPollable Subscribe() => new SocketReady(this);

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _shared.Release();
            _sockets.GivePlace();
        }
    }

    private (IInputStream, IOutputStream) Streams()
    {
        _output = new DescriptorOutputStream(_shared.Hold(), _sockets.Readiness);
        return (new DescriptorInputStream(_shared.Hold(), _sockets.Readiness), _output);
    }

    private sealed class SocketReady(TcpSocket socket) : Pollable
    {
        public override bool IsReady =>
            socket._disposed || Wanted == Readiness.None || ReadinessLoop.Now(socket.Handle, Wanted) != Readiness.None;

        // Everything else is done when it is started.
        private Readiness Wanted => socket._state switch
        {
            State.Connecting when socket._startAnswer == -Errno.EINPROGRESS => Readiness.Writable,
            State.Listening => Readiness.Readable,
            _ => Readiness.None,
        };

        public override ValueTask WaitAsync(CancellationToken cancellation) => IsReady
            ? ValueTask.CompletedTask
            : socket._sockets.Readiness.WaitAsync(socket.Handle, Wanted, cancellation);
    }
}
