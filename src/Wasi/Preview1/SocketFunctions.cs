using Skiff.Engine;

namespace Skiff.Wasi.Preview1;

/// <summary>Sockets that the guest was given: Preview 1 can open none.</summary>
internal static class SocketFunctions
{
    public static void Define(Preview1Definition functions, bool isUnstable)
    {
        functions.AddWaiting("sock_recv", "iiiiii", static (ref call, state) => call.Return((int)NotSocket(ref call, state)));
        functions.AddWaiting("sock_send", "iiiii", static (ref call, state) => call.Return((int)NotSocket(ref call, state)));
        functions.Add("sock_shutdown", "ii", static (ref call, state) => NotSocket(ref call, state));
        if (!isUnstable)
        {
            functions.AddWaiting("sock_accept", "iii", static (ref call, state) => call.Return((int)NotSocket(ref call, state)));
        }
    }

    private static WasiErrno NotSocket(ref HostCall call, Preview1State state)
    {
        var error = state.Find(call.U32(0), Rights.None, out _);
        return error == WasiErrno.Success ? WasiErrno.NotSocket : error;
    }
}
