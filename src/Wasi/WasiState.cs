using Skiff.Wasi.Cli;
using Skiff.Wasi.Clocks;
using Skiff.Wasi.Files;
using Skiff.Wasi.Preview1;
using Skiff.Wasi.Random;
using Skiff.Wasi.Sockets;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi;

/// <summary>
/// Everything that WASI is for one guest, by subject. The adapters of the versions (<c>WasiPreview1</c>, <c>WasiPreview2</c>)
/// lie over it and keep nothing of their own but the guest's handles. Dispose it after the guest's store.
/// </summary>
public sealed class WasiState : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private Preview1State? _preview1;

    /// <summary>Opens what is granted.</summary>
    /// <exception cref="Linux.LinuxException">A directory cannot be opened; the message names it.</exception>
    public WasiState(WasiContext context, WasiHost host)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(host);
        Environment = new ProgramEnvironment(context);
        Clocks = new GuestClocks(host.Time);
        Random = new RandomSource();
        Stdio = context.Stdio ?? StandardStreams.None();
        // What the operator opens for the guest does not count as the guest's.
        var budget = new DescriptorBudget(context.DescriptorsMax + context.Preopens.Count + context.Listeners.Count);
        Files = new Filesystem(context.Preopens, Random, host.Readiness, budget);
        try
        {
            Sockets = new GuestSockets(context.Network, context.Listeners, host.Readiness, budget);
        }
        catch
        {
            Files.Dispose();
            throw;
        }
    }

    public ProgramEnvironment Environment { get; }

    public GuestClocks Clocks { get; }

    public RandomSource Random { get; }

    public Filesystem Files { get; }

    public GuestSockets Sockets { get; }

    public StandardStreams Stdio { get; }

    /// <summary>Cancelled when the guest is over: what still waits for it lets go.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Made when a guest first calls Preview 1: a component of Preview 2 never does.</summary>
    internal Preview1State Preview1 => _preview1 ??= new Preview1State(this);

    public void Dispose()
    {
        if (!_ended.IsCancellationRequested)
        {
            _ended.Cancel();
            _preview1?.Dispose();
            Files.Dispose();
            Sockets.Dispose();
            Stdio.Dispose();
        }
    }
}
