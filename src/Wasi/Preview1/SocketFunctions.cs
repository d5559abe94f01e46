using Skiff.Engine;
using Skiff.Linux.Files;
using Skiff.Linux.Sockets;
using Skiff.Wasi.Sockets;

namespace Skiff.Wasi.Preview1;

/// <summary>Sockets that the guest was given: Preview 1 can open none.</summary>
internal static class SocketFunctions
{
    private const uint ReceivePeek = 1;
    private const uint ReceiveWaitAll = 2;
    private const uint ShutReceiving = 1;
    private const uint ShutSending = 2;

    public static void Define(Preview1Definition functions, bool isUnstable)
    {
        functions.AddWaiting("sock_recv", "iiiiii", Receive);
        functions.AddWaiting("sock_send", "iiiii", Send);
        functions.Add("sock_shutdown", "ii", Shutdown);
        if (!isUnstable)
        {
            functions.AddWaiting("sock_accept", "iii", Accept);
        }
    }

    private static WasiErrno Find(ref HostCall call, Preview1State state, Rights needed, out OpenSocket socket)
    {
        socket = null!;
        var error = state.Find(call.U32(0), Rights.None, out var descriptor);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        if (descriptor is not OpenSocket found)
        {
            return WasiErrno.NotSocket;
        }

        socket = found;
        return (found.Rights & needed) == needed ? WasiErrno.Success : WasiErrno.NotCapable;
    }

    private static void Receive(ref HostCall call, Preview1State state)
    {
        var error = Find(ref call, state, Rights.FdRead, out var socket);
        var flags = call.U32(3);
        // One or the other: no call waits for so many bytes and leaves them there.
        if (error == WasiErrno.Success && flags is not 0 and not ReceivePeek and not ReceiveWaitAll)
        {
            error = WasiErrno.NotSupported;
        }

        if (error != WasiErrno.Success)
        {
            call.Return((int)error);
            return;
        }

        // A stream truncates nothing.
        call.Memory1().Write(call.U32(5), (ushort)0);
        switch (flags)
        {
            case ReceivePeek:
                TransferFunctions.Peek(ref call, socket, call.U32(4), state.Wasi.Ended);
                break;
            case ReceiveWaitAll:
                TransferFunctions.ReceiveAll(ref call, socket, call.U32(4), 0, state.Wasi.Ended);
                break;
            default:
                TransferFunctions.Receive(ref call, socket, call.U32(4), state.Wasi.Ended);
                break;
        }
    }

    private static void Send(ref HostCall call, Preview1State state)
    {
        var error = Find(ref call, state, Rights.FdWrite, out var socket);
        if (error == WasiErrno.Success && call.U32(3) != 0)
        {
            error = WasiErrno.NotSupported;
        }

        if (error != WasiErrno.Success)
        {
            call.Return((int)error);
            return;
        }

        TransferFunctions.Send(ref call, socket, call.U32(4), state.Wasi.Ended);
    }

    private static WasiErrno Shutdown(ref HostCall call, Preview1State state)
    {
        var error = Find(ref call, state, Rights.SockShutdown, out var socket);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        return call.U32(1) switch
        {
            ShutReceiving => LinuxErrors.Of(SocketCalls.Shutdown(socket.Socket.Handle, 0)),
            ShutSending => LinuxErrors.Of(SocketCalls.Shutdown(socket.Socket.Handle, 1)),
            ShutReceiving | ShutSending => LinuxErrors.Of(SocketCalls.Shutdown(socket.Socket.Handle, 2)),
            _ => WasiErrno.Invalid,
        };
    }

    private static void Accept(ref HostCall call, Preview1State state)
    {
        var error = Find(ref call, state, Rights.SockAccept, out var socket);
        var flags = call.U32(1);
        if (error == WasiErrno.Success && (flags & ~(uint)FdFlags.Nonblock) != 0)
        {
            error = WasiErrno.Invalid;
        }

        if (error != WasiErrno.Success)
        {
            call.Return((int)error);
            return;
        }

        call.Memory1().Slice(call.U32(2), sizeof(uint));
        error = socket.Socket.TryAccept(out var accepted);
        if (error == WasiErrno.Again && !socket.IsNonBlocking)
        {
            call.Await(AcceptLaterAsync(socket, state.Wasi.Ended), state, static (ref call, outcome, state) =>
                Answer(ref call, state, outcome.Error, outcome.Accepted));
            return;
        }

        Answer(ref call, state, error, accepted);
    }

    private static async ValueTask<(WasiErrno Error, TcpSocket? Accepted)> AcceptLaterAsync(OpenSocket socket, CancellationToken ended)
    {
        while (true)
        {
            await socket.WaitAsync(Readiness.Readable, ended);
            var error = socket.Socket.TryAccept(out var accepted);
            if (error != WasiErrno.Again)
            {
                return (error, accepted);
            }
        }
    }

    private static void Answer(ref HostCall call, Preview1State state, WasiErrno error, TcpSocket? accepted)
    {
        if (error == WasiErrno.Success)
        {
            var descriptor = new OpenSocket(accepted!);
            descriptor.SetFlags((FdFlags)call.U32(1));
            call.Memory1().Write(call.U32(2), state.Add(descriptor));
        }

        call.Return((int)error);
    }
}
