using Skiff.Components.Host;
using Skiff.Engine;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Linux.Sockets;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Bindings.Sockets;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Sockets;

/// <summary><c>wasi:sockets/udp.incoming-datagram-stream</c>. Takes its hold of the descriptor over.</summary>
/// <param name="remote">Only from there; the kernel sees to that.</param>
/// <param name="fromAnybody">Whether the own address is granted to listen at. If not, only answers of granted destinations pass.</param>
internal sealed class IncomingDatagrams(GuestSockets sockets, SharedDescriptor shared, InternetEndpoint? remote, bool fromAnybody)
    : IIncomingDatagramStream, IDisposable
{
    /// <summary>One call hands out no more: each may be 64 KiB.</summary>
    private const ulong DatagramsMax = 16;

    private const int DatagramBytesMax = 65_535;

    /// <summary>Strangers' datagrams that one call throws away.</summary>
    private const int RefusedMax = 64;

    private byte[]? _buffer;
    private bool _disposed;

    public Result<IReadOnlyList<IncomingDatagram>, ErrorCode> Receive(ulong maxResults)
    {
        var datagrams = new List<IncomingDatagram>();
        _buffer ??= new byte[DatagramBytesMax];
        for (var refused = 0; (ulong)datagrams.Count < Math.Min(maxResults, DatagramsMax) && refused < RefusedMax;)
        {
            var answer = SocketCalls.ReceiveFrom(shared.Handle, _buffer, peek: false, out var sender);
            if (answer == -Errno.EAGAIN)
            {
                break;
            }

            if (answer < 0)
            {
                // What came before is not lost by it; the failure is told once, here or not at all.
                return datagrams.Count > 0 ? datagrams : SocketWords.Of(answer);
            }

            var from = sender ?? remote;
            if (from is not { } known || (!fromAnybody && remote is null && !sockets.AllowsDestination(known)))
            {
                refused++;
                continue;
            }

            datagrams.Add(new IncomingDatagram(_buffer.AsSpan(0, Math.Min(answer, _buffer.Length)).ToArray(), SocketWords.Of(known)));
        }

        return datagrams;
    }

    public IPollable Subscribe() => new DatagramsReady(shared, sockets.Readiness, Readiness.Readable, () => _disposed);

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            shared.Release();
        }
    }
}

/// <summary><c>wasi:sockets/udp.outgoing-datagram-stream</c>. Takes its hold of the descriptor over.</summary>
internal sealed class OutgoingDatagrams(GuestSockets sockets, SharedDescriptor shared, bool v6, InternetEndpoint? remote)
    : IOutgoingDatagramStream, IDisposable
{
    private const ulong PermitDatagrams = 16;

    private ulong _permitted;
    private bool _disposed;

    public Result<ulong, ErrorCode> CheckSend()
    {
        _permitted = ReadinessLoop.Now(shared.Handle, Readiness.Writable) == Readiness.None ? 0 : PermitDatagrams;
        return _permitted;
    }

    public Result<ulong, ErrorCode> Send(OutgoingDatagram[] datagrams)
    {
        if (datagrams.Length == 0)
        {
            return 0ul;
        }

        if ((ulong)datagrams.Length > _permitted)
        {
            throw new GuestTrapException($"send of {datagrams.Length} datagrams where {_permitted} were permitted");
        }

        _permitted -= (ulong)datagrams.Length;
        ulong sent = 0;
        foreach (var datagram in datagrams)
        {
            var error = Send(datagram);
            if (error is { } failure)
            {
                // wasi:sockets: those before it count; the failure is told when it is the first.
                return sent > 0 || failure == ErrorCode.WouldBlock ? sent : failure;
            }

            sent++;
        }

        return sent;
    }

    public IPollable Subscribe() => new DatagramsReady(shared, sockets.Readiness, Readiness.Writable, () => _disposed);

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            shared.Release();
        }
    }

    private ErrorCode? Send(OutgoingDatagram datagram)
    {
        InternetEndpoint? given = datagram.RemoteAddress is { } address ? SocketWords.Of(address) : null;
        if (remote is { } connected)
        {
            if (given is { } other && (other.Port != connected.Port || !other.Address.Equals(connected.Address)))
            {
                return ErrorCode.InvalidArgument;
            }

            // Linux wants none on a connected socket.
            given = null;
        }
        else if (given is not { } to || !SocketWords.Fits(to, v6) || !SocketWords.IsRemote(to))
        {
            return ErrorCode.InvalidArgument;
        }
        else if (!sockets.AllowsDestination(to))
        {
            return ErrorCode.AccessDenied;
        }

        var answer = SocketCalls.SendTo(shared.Handle, datagram.Data, given);
        return answer < 0 ? SocketWords.Of(answer) : null;
    }
}
