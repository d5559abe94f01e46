using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Skiff.Engine;
using Skiff.Guest;
using Skiff.Http.Outgoing;
using Skiff.Linux;
using Skiff.Wasi.Quotas;
using Skiff.Wasi.Sockets;
using Skiff.Wasi.Streams;
using Names = Skiff.Guest.HostProtocol.Descriptor;

namespace Skiff.Runner.Hosting;

/// <summary>
/// One guest of a host, from its order to its exit: reads what its channel says, and answers. Whatever goes wrong here is this guest's.
/// </summary>
internal sealed class HostedGuest : IAsyncDisposable
{
    private const int SIGCHLD = 17;
    private const int SIGCONT = 18;
    private const int SIGSTOP = 19;
    private const int SIGTSTP = 20;
    private const int SIGTTIN = 21;
    private const int SIGTTOU = 22;
    private const int SIGURG = 23;
    private const int SIGWINCH = 28;

    // What control groups take.
    private static readonly TimeSpan CpuPeriod = TimeSpan.FromMilliseconds(100);

    // What the maker of a guest that has ended may take to close its end.
    private static readonly TimeSpan Parting = TimeSpan.FromSeconds(10);

    private readonly HostServices _services;
    private readonly GuestDescriptors _descriptors;
    private readonly GuestChannel _channel;
    private readonly Parts _parts = new();
    private readonly CpuQuota _cpu;
    private readonly MemoryQuota _memory = new();
    private readonly TaskCompletionSource<GuestExit?> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HostedProgram? _program;
    private GuestLimits _permitted = GuestLimits.None;
    private StandardStreams? _stdio;
    private WasiQuotas? _quotas;
    private volatile bool _outOfMemory;
    private volatile bool _released;

    // By the maker's word, as a control group freezes, and by a signal: it runs when neither holds it.
    private bool _frozen;
    private bool _stopped;

    // While its last words wait for a reader.
    private volatile CancellationTokenSource? _patience;

    public HostedGuest(HostServices services, GuestDescriptors descriptors)
    {
        (_services, _descriptors) = (services, descriptors);
        _channel = new GuestChannel(Descriptors.ToSocket(descriptors.Take(Names.Channel)!));
        _cpu = new CpuQuota(null, CpuPeriod, services.Time, services.Processors);
        _memory.Exceeded = EndForMemory;
    }

    /// <summary>Its name, once it has said its order.</summary>
    public string Name { get; private set; } = "";

    /// <summary>Runs until the guest has ended and said so, or its maker has gone.</summary>
    public async Task LiveAsync()
    {
        if (!await PrepareAsync())
        {
            return;
        }

        if (!await _channel.SendAsync(HostProtocol.Ready))
        {
            return;
        }

        using var over = new CancellationTokenSource();
        var listening = ListenAsync(over.Token);
        if (await _started.Task is { } exit)
        {
            await EndAsync(exit, over, listening);
            return;
        }

        exit = await RunAsync();
        await EndAsync(exit, over, listening);
    }

    public async ValueTask DisposeAsync()
    {
        await ReleaseAsync();
        _channel.Dispose();
    }

    private async Task EndAsync(GuestExit exit, CancellationTokenSource over, Task listening)
    {
        if (_outOfMemory)
        {
            await _channel.SendAsync(HostProtocol.OutOfMemory);
        }

        // Nothing is left of it when it is said to have ended.
        await ReleaseAsync();
        await _channel.SendAsync($"{HostProtocol.Exit} {exit.Code}");
        _channel.EndSending();
        try
        {
            // A socket that is closed with something unread tells its peer of a fault instead of the end: a signal may be on its way.
            await listening.WaitAsync(Parting, _services.Time);
        }
        catch (TimeoutException)
        {
            await over.CancelAsync();
            await listening;
        }
    }

    private async Task<GuestExit> RunAsync()
    {
        GuestExit exit;
        try
        {
            exit = await _program!.RunAsync();
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // A fault of ours, which ends this guest and no other.
            _services.Log($"{Name}: {fault}");
            exit = new GuestExit(GuestExit.Trapped, $"the host failed: {fault.GetType().Name}: {fault.Message}");
        }

        if (_outOfMemory || (exit.Code == GuestExit.Trapped && _memory.Refusals > 0 && _program!.Requests == 0))
        {
            _outOfMemory = true;
            exit = GuestExit.BySignal(Signals.SIGKILL) with { Reason = exit.Reason };
        }

        if (exit.Reason is { } reason)
        {
            using var patience = new CancellationTokenSource();
            _patience = patience;
            await new GuestStreamWriter(_stdio!.Error, patience.Token).TryWriteAsync($"skiff: {reason}\n");
            await FlushAsync(patience.Token);
            _patience = null;
        }

        return exit;
    }

    private async Task FlushAsync(CancellationToken cancellation)
    {
        try
        {
            await _stdio!.FlushAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            // Killed while nobody read: lost, as with a process.
        }
    }

    private async Task<bool> PrepareAsync()
    {
        string? refusal;
        try
        {
            if (_descriptors.Fault is { } fault)
            {
                throw new GuestException(fault);
            }

            if (await _channel.ReceiveAsync(CancellationToken.None) is not { } line)
            {
                return false;
            }

            var order = ReadOrder(line);
            Name = order.Name;
            await Task.Run(() => Prepare(order));
            return true;
        }
        catch (DamagedCodeException fault)
        {
            refusal = $"{HostProtocol.Damaged} {fault.Message}";
        }
        catch (Exception fault) when (fault is GuestException or LinuxException or EngineException or InvalidDataException)
        {
            refusal = $"{HostProtocol.Error} {fault.Message}";
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            _services.Log($"{Name}: {fault}");
            refusal = $"{HostProtocol.Error} the host failed: {fault.GetType().Name}: {fault.Message}";
        }

        await ReleaseAsync();
        await _channel.SendAsync(refusal);
        return false;
    }

    private void Prepare(GuestOrder order)
    {
        var spec = GuestOrders.Spec(order, _descriptors, _services.Bounds, _parts);
        _permitted = spec.Limits;
        Apply(order.Resources);
        var code = _parts.Add(_services.Code.Take(_services.Engine, spec, _descriptors.Code));
        var context = GuestRunner.Context(spec, _services.Time, _services.Descriptors) with { Place = _parts.Add(Place()) };
        _quotas = context.Quotas;
        var authorities = _descriptors.Root is { } root
            ? new GuestAuthorities(_parts.Add(new RootDirectory(root, "the guest's root directory")), GuestOrders.Variables(order))
            : null;
        // Disposed of with the program that gets it.
        _stdio = StandardStreams.Of(Standard(Names.Input), Standard(Names.Output), Standard(Names.ErrorOutput), _services.Wasi.Readiness, _quotas.Log, lingers: false);
        try
        {
            var limits = new StoreLimits { Cpu = _cpu, Memory = _memory, Turn = UserOf(order) };
            _program = code.Value.Linked is LinkedHandler handler
                ? new HostedService(handler, spec, context, _stdio, authorities, _services, limits)
                : new HostedCommand(code.Value.Linked, spec, context, _stdio, authorities, _services, limits);
        }
        catch
        {
            _stdio.Dispose();
            throw;
        }
        finally
        {
            // The code is mapped, directories and streams are others' now.
            _descriptors.DisposeAllBut(Names.Root);
        }
    }

    private GuestNetworkPlace Place()
    {
        var network = _descriptors.Take(Names.Network) is { } own ? new NetworkNamespace(own, _services.NamespaceThread) : NetworkNamespace.Own;
        var root = _descriptors.Root is { } handle ? new RootDirectory(handle, "the guest's root directory") : null;
        return GuestNetworkPlace.OfPod(network, root, _services.Time);
    }

    // Where the host is not root, it could not be anybody else.
    private static GuestUser? UserOf(GuestOrder order) =>
        (order.UserId | order.GroupId) != 0 && Environment.IsPrivilegedProcess ? new GuestUser(order.UserId, order.GroupId) : null;

    private SafeFileHandle Standard(string name) =>
        _descriptors.Take(name) ?? File.OpenHandle("/dev/null", FileMode.Open, name == Names.Input ? FileAccess.Read : FileAccess.Write, FileShare.ReadWrite);

    private static GuestOrder ReadOrder(string line)
    {
        const string Word = HostProtocol.Order + " ";
        if (!line.StartsWith(Word, StringComparison.Ordinal))
        {
            throw new GuestException("the guest's channel began with something else than its order");
        }

        try
        {
            var order = JsonSerializer.Deserialize(line.AsSpan(Word.Length), GuestOrderJson.Default.GuestOrder);
            return order is { Name: not null, Arguments: { } arguments, Environment: { } environment, Permissions: { } permissions }
                && arguments.Concat(environment).Concat(permissions.SelectMany(permission => permission ?? [null!])).All(text => text is not null)
                    // What is left out is null here, whatever the type says.
                    ? order with { Resources = order.Resources ?? new GuestResources() }
                    : throw new GuestException("the guest's order is null, or has a null in it");
        }
        catch (JsonException fault)
        {
            throw new GuestException($"the guest's order cannot be read: {fault.Message}", fault);
        }
    }

    private async Task ListenAsync(CancellationToken over)
    {
        try
        {
            while (await _channel.ReceiveAsync(over) is { } line)
            {
                if (!_released)
                {
                    await ObeyAsync(line);
                }
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            return;
        }
        catch (Exception fault) when (fault is System.Net.Sockets.SocketException or ObjectDisposedException or InvalidDataException)
        {
            _services.Log($"{Name}: its channel broke: {fault.Message}");
        }

        if (_released)
        {
            return;
        }

        // Whoever made it has gone, or speaks nonsense.
        Kill(GuestExit.BySignal(Signals.SIGKILL));
    }

    private async Task ObeyAsync(string line)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var (word, rest) = space < 0 ? (line, "") : (line[..space], line[(space + 1)..]);
        switch (word)
        {
            case HostProtocol.Start:
                _started.TrySetResult(null);
                break;
            case HostProtocol.Signal when int.TryParse(rest, out var number) && number is > 0 and <= 64:
                Signal(number);
                break;
            case HostProtocol.Pause:
                // Not awaited here: a signal must get through meanwhile.
                _frozen = true;
                _ = SayPausedAsync(_cpu.PauseAsync());
                break;
            case HostProtocol.Resume:
                _frozen = false;
                GoOn();
                await _channel.SendAsync(HostProtocol.Resumed);
                break;
            case HostProtocol.Limits when ReadResources(rest) is { } resources:
                Apply(resources);
                break;
            case HostProtocol.Usage:
                await _channel.SendAsync($"{HostProtocol.Usage} {JsonSerializer.Serialize(Measure(), GuestOrderJson.Default.GuestUsage)}");
                break;
            default:
                throw new InvalidDataException($"it said {word}");
        }
    }

    private async Task SayPausedAsync(Task paused)
    {
        await paused;
        await _channel.SendAsync(HostProtocol.Paused);
    }

    private static GuestResources? ReadResources(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, GuestOrderJson.Default.GuestResources);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // What signal(7) says that a process does which handles none.
    private void Signal(int number)
    {
        switch (number)
        {
            case SIGCHLD or SIGURG or SIGWINCH:
                break;
            case SIGSTOP or SIGTSTP or SIGTTIN or SIGTTOU:
                _stopped = true;
                _ = _cpu.PauseAsync();
                break;
            case SIGCONT:
                _stopped = false;
                GoOn();
                break;
            case Signals.SIGTERM or Signals.SIGINT when _started.Task.IsCompleted && _program!.TryFinish():
                break;
            default:
                Kill(GuestExit.BySignal(number));
                break;
        }
    }

    private void GoOn()
    {
        if (!_frozen && !_stopped)
        {
            _cpu.Resume();
        }
    }

    private void Kill(GuestExit exit)
    {
        if (!_started.TrySetResult(exit))
        {
            _program!.End(exit);
            _patience?.Cancel();
        }
    }

    // From the thread that runs the guest, which must not wait for what this sets off.
    private void EndForMemory()
    {
        if (!_outOfMemory)
        {
            _outOfMemory = true;
            _services.Log($"{Name}: ended, because it has more memory than it may: {_memory.Used} of {_memory.Limit} bytes");
            ThreadPool.UnsafeQueueUserWorkItem(static self => self.Kill(GuestExit.BySignal(Signals.SIGKILL)), this, preferLocal: false);
        }
    }

    private void Apply(GuestResources resources)
    {
        _cpu.Weight = resources.Shares is > 0 and var shares ? shares : CpuShares.WeightDefault;
        _cpu.Processors = GuestBounds.Least(resources.Cpu, _permitted.Cpu);
        _memory.Limit = GuestBounds.Least(resources.MemoryBytes, _permitted.MemoryBytes);
    }

    private GuestUsage Measure() => new()
    {
        CpuNanoseconds = (long)_cpu.Used.TotalNanoseconds,
        MemoryBytes = _memory.Used,
        Requests = _program!.Requests,
        RequestsInFlight = _program.RequestsInFlight,
        RequestsRefused = _program.RequestsRefused,
        Connections = _program.Connections,
        ConnectionsHeldBack = _program.ConnectionsHeldBack,
        Instances = _program.Instances,
        OpenFiles = _quotas!.Descriptors.Used,
        OpenFilesRefused = _quotas.Descriptors.Refusals,
        Sockets = _quotas.Sockets.Used,
        SocketsRefused = _quotas.Sockets.Refusals,
        Timers = _quotas.Timers.Used,
        TimersRefused = _quotas.Timers.Refusals,
        LogBytes = _quotas.Log.Used,
        LogHeldNanoseconds = (long)_quotas.Log.Held.TotalNanoseconds,
        MemoryRefusals = _memory.Refusals,
        ThrottledNanoseconds = (long)_cpu.Throttled.TotalNanoseconds,
        Throttles = _cpu.Throttles,
    };

    private async ValueTask ReleaseAsync()
    {
        // By one task after the other.
        if (_released)
        {
            return;
        }

        _released = true;

        try
        {
            if (_program is not null)
            {
                await _program.DisposeAsync();
            }
        }
        finally
        {
            _parts.Dispose();
            _descriptors.Dispose();
        }
    }

}
