using System.Text;
using Skiff.Engine;
using Skiff.Guest;
using Skiff.Http.Outgoing;
using Skiff.Http.Serving;
using Skiff.Wasi;
using Skiff.Wasi.Streams;

namespace Skiff.Runner.Hosting;

/// <summary>What runs for a hosted guest, from its start to its end. Disposing of it leaves nothing.</summary>
internal abstract class HostedProgram : IAsyncDisposable
{
    /// <summary>Instances alive.</summary>
    public abstract long Instances { get; }

    /// <summary>Requests answered.</summary>
    public abstract long Requests { get; }

    /// <summary>Requests being answered.</summary>
    public virtual long RequestsInFlight => 0;

    /// <summary>Requests refused because the guest, or the process, had as many as they may have.</summary>
    public virtual long RequestsRefused => 0;

    /// <summary>Connections of its clients.</summary>
    public virtual long Connections => 0;

    /// <summary>How often there were as many of them as may be.</summary>
    public virtual long ConnectionsHeldBack => 0;

    /// <summary>Runs it to its end, once. Its reason, if there is one, is for the guest's stderr.</summary>
    public abstract Task<GuestExit> RunAsync();

    /// <summary>Asks it to end in its own time; false where it cannot be asked.</summary>
    public abstract bool TryFinish();

    /// <summary>Ends it at once, running or not, whatever it does.</summary>
    public abstract void End(GuestExit exit);

    public abstract ValueTask DisposeAsync();
}

/// <summary>A guest that is entered once.</summary>
internal sealed class HostedCommand : HostedProgram
{
    private readonly IEntry _entry;
    private readonly WasiState _state;
    private readonly OutgoingClient _client;
    private readonly SharedPlaces _places;
    private readonly StringBuilder _printed = new();
    private GuestExit? _end;
    private bool _runs;

    /// <param name="stdio">Disposed of with the program.</param>
    /// <exception cref="GuestException">The process has as many guests as it can have.</exception>
    public HostedCommand(
        LinkedGuest linked, GuestSpec spec, WasiContext context, StandardStreams stdio, GuestAuthorities? authorities, HostServices services, StoreLimits limits)
    {
        _places = services.Places;
        if (!_places.TryTake(0))
        {
            throw new GuestException("the guest host has no instance left: other guests of its trust domain have them all");
        }

        try
        {
            _state = new WasiState(context with { Stdio = stdio }, services.Wasi);
            _client = new OutgoingClient(context, services.Time, authorities);
            _entry = linked.NewRun(new GuestWorld(_state, _client, limits, spec.ExportArguments, Print));
        }
        catch
        {
            _client?.Dispose();
            _state?.Dispose();
            _places.Give();
            throw;
        }
    }

    public override long Instances => _runs ? 1 : 0;

    public override long Requests => 0;

    public override async Task<GuestExit> RunAsync()
    {
        _runs = true;
        var exit = await new CommandRun(_entry, _state.Stdio, () => _end).RunAsync();
        _runs = false;
        if (_printed.Length > 0 && _end is null)
        {
            await new GuestStreamWriter(_state.Stdio.Output, _entry.Store.Stopped).TryWriteAsync(_printed.ToString());
        }

        return exit;
    }

    public override bool TryFinish() => false;

    public override void End(GuestExit exit)
    {
        _end ??= exit;
        _entry.Store.Stop(exit.Reason ?? "the guest was ended");
    }

    public override ValueTask DisposeAsync()
    {
        _entry.Dispose();
        _client.Dispose();
        _state.Dispose();
        _places.Give();
        return ValueTask.CompletedTask;
    }

    private void Print(string line) => _printed.Append(line).Append('\n');
}

/// <summary>A guest that answers requests until it is told to stop.</summary>
internal sealed class HostedService : HostedProgram
{
    private readonly HttpGuest _guest;
    private readonly ContainerService _service;
    private readonly StandardStreams _stdio;
    private readonly GuestOutput[] _outputs;
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource<GuestExit> _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<GuestExit> _forced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="stdio">Disposed of with the program.</param>
    public HostedService(
        LinkedHandler linked, GuestSpec spec, WasiContext context, StandardStreams stdio, GuestAuthorities? authorities, HostServices services, StoreLimits limits)
    {
        var variables = ListenVariables.TakeFrom(spec);
        _stdio = stdio;
        var errors = new GuestStreamWriter(stdio.Error, _ended.Token);
        _outputs = [new GuestOutput(new GuestStreamWriter(stdio.Output, _ended.Token)), new GuestOutput(errors)];
        _guest = HttpGuestLoader.Serve(
            linked, context with { Environment = variables.Spec.Environment }, _outputs[0], _outputs[1], services.Wasi, limits, authorities);
        _service = new ContainerService(_guest, variables, errors, services.Time, context.Place, services.Web, services.Places);
    }

    public override long Instances => _service.Metrics.Instances;

    public override long Requests => _service.Metrics.Requests;

    public override long RequestsInFlight => _service.Metrics.InFlight;

    public override long RequestsRefused => _service.Metrics.Refused;

    public override long Connections => _service.Connections;

    public override long ConnectionsHeldBack => _service.ConnectionsHeldBack;

    public override async Task<GuestExit> RunAsync()
    {
        try
        {
            await _service.StartAsync();
        }
        catch (GuestException fault)
        {
            return new GuestExit(GuestExit.CannotExecute, fault.Message);
        }

        var exit = await _stop.Task;
        if (!_forced.Task.IsCompleted)
        {
            // Whoever ends it meanwhile ends the grace too.
            await Task.WhenAny(_service.StopAsync(ContainerService.Grace), _forced.Task);
        }

        if (_forced.Task.IsCompleted)
        {
            exit = await _forced.Task;
            await _service.StopAsync(TimeSpan.Zero);
        }

        foreach (var output in _outputs)
        {
            await output.DrainedAsync();
        }

        return exit;
    }

    public override bool TryFinish()
    {
        _stop.TrySetResult(new GuestExit(0));
        return true;
    }

    public override void End(GuestExit exit)
    {
        _forced.TrySetResult(exit);
        _stop.TrySetResult(exit);
        _ended.Cancel();
    }

    public override async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _service.DisposeAsync();
        _guest.Dispose();
        _stdio.Dispose();
    }
}
