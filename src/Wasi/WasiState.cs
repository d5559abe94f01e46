using Skiff.Wasi.Cli;
using Skiff.Wasi.Clocks;
using Skiff.Wasi.Files;
using Skiff.Wasi.Preview1;
using Skiff.Wasi.Quotas;
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
    private readonly WasiContext _context;
    private readonly WasiHost _host;
    private CancellationTokenSource? _ended;
    private bool _isOver;
    private QuotaShare? _descriptors;
    private QuotaShare? _socketsHeld;
    private QuotaShare? _timers;
    private ProgramEnvironment? _environment;
    private RandomSource? _random;
    private Filesystem? _files;
    private GuestSockets? _sockets;
    private Preview1State? _preview1;

    /// <summary>Opens what is granted. All else is made when the guest first uses it: most requests use a clock at most.</summary>
    /// <exception cref="Linux.LinuxException">A directory cannot be opened; the message names it.</exception>
    public WasiState(WasiContext context, WasiHost host)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(host);
        (_context, _host) = (context, host);
        // Not later: its time begins now.
        Clocks = new GuestClocks(host.Time, () => Timers);
        Stdio = context.Stdio ?? StandardStreams.None();
        try
        {
            _files = context.Preopens.Count > 0 ? NewFiles() : null;
            _sockets = context.Listeners.Count > 0 ? NewSockets() : null;
        }
        catch
        {
            _files?.Dispose();
            throw;
        }
    }

    public ProgramEnvironment Environment => _environment ??= new ProgramEnvironment(_context);

    public GuestClocks Clocks { get; }

    public RandomSource Random => _random ??= new RandomSource();

    public Filesystem Files => _files ??= NewFiles();

    public GuestSockets Sockets => _sockets ??= NewSockets();

    public StandardStreams Stdio { get; }

    /// <summary>For whatever else makes connections for the guest.</summary>
    public GuestNetworkPlace Place => _context.Place;

    /// <summary>Cancelled when the guest is over: what still waits for it lets go.</summary>
    public CancellationToken Ended => _isOver ? new CancellationToken(canceled: true) : (_ended ??= new CancellationTokenSource()).Token;

    /// <summary>Made when a guest first calls Preview 1: a component of Preview 2 never does.</summary>
    internal Preview1State Preview1 => _preview1 ??= new Preview1State(this);

    /// <summary>The times that it waits for.</summary>
    internal QuotaShare Timers => _timers ??= new QuotaShare(_context.Quotas.Timers);

    // What the operator opens for the guest does not count as the guest's.
    private QuotaShare Descriptors =>
        _descriptors ??= new QuotaShare(_context.Quotas.Descriptors, _context.Preopens.Count + _context.Listeners.Count);

    private QuotaShare SocketsHeld => _socketsHeld ??= new QuotaShare(_context.Quotas.Sockets, _context.Listeners.Count);

    public void Dispose()
    {
        if (!_isOver)
        {
            _isOver = true;
            _ended?.Cancel();
            _preview1?.Dispose();
            _files?.Dispose();
            _sockets?.Dispose();
            Stdio.Dispose();
            _descriptors?.Dispose();
            _socketsHeld?.Dispose();
            _timers?.Dispose();
        }
    }

    private Filesystem NewFiles() => new(_context.Preopens, Random, _host.Readiness, Descriptors);

    private GuestSockets NewSockets() => new(_context.Network, _context.Place, _context.Listeners, _host.Readiness, Descriptors, SocketsHeld);
}
