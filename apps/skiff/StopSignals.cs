using System.Runtime.InteropServices;

namespace Skiff.Cli;

/// <summary>SIGTERM and SIGINT as an event: the first asks to stop, and the program ends when it has.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _signals;

    public StopSignals() => _signals = [Watch(PosixSignal.SIGTERM), Watch(PosixSignal.SIGINT)];

    public CancellationToken Token => _stop.Token;

    public Task WaitAsync() => Task.Delay(Timeout.Infinite, _stop.Token).ContinueWith(static _ => { }, TaskScheduler.Default);

    public void Dispose()
    {
        Array.ForEach(_signals, signal => signal.Dispose());
        _stop.Dispose();
    }

    private PosixSignalRegistration Watch(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        _stop.Cancel();
    });
}
