using System.Runtime.InteropServices;

namespace Skiff.Shim.Server;

/// <summary>
/// A server must not die of a signal that was meant for containerd's whole group: its containers would lose their exit status.
/// SIGTERM and SIGINT ask it to leave if it has nothing to serve; SIGHUP means nothing.
/// </summary>
internal sealed class ServerSignals : IDisposable
{
    private readonly IServerUse _server;
    private readonly ShimLog _log;
    private readonly PosixSignalRegistration[] _registrations;

    public ServerSignals(IServerUse server, ShimLog log)
    {
        (_server, _log) = (server, log);
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Leave),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Leave),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true),
        ];
    }

    public void Dispose() => Array.ForEach(_registrations, registration => registration.Dispose());

    private void Leave(PosixSignalContext context)
    {
        context.Cancel = true;
        _log.Info($"{context.Signal}: leaving if no task is left");
        _server.AskToLeave();
    }
}
