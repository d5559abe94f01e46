using System.Net.Sockets;
using Skiff.Guest;
using Skiff.Http;
using Skiff.Http.Health;
using Skiff.Http.Serving;
using Skiff.Wasi.Sockets;

namespace Skiff.Runner;

/// <summary>A component of a container while it answers requests.</summary>
internal sealed class ContainerService : IAsyncDisposable
{
    /// <summary>What kubelet leaves by default between SIGTERM and SIGKILL is 30 s.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(25);

    private readonly HttpService _service;
    private readonly ListenVariables _variables;
    private readonly GuestNetworkPlace _place;

    /// <param name="guest">Stays the caller's.</param>
    /// <param name="errors">The guest's stderr, for one line a request.</param>
    /// <param name="shared">The web server of a process with many guests; null: one of its own.</param>
    /// <param name="places">What those guests share.</param>
    public ContainerService(
        HttpGuest guest, ListenVariables variables, Stream errors, TimeProvider time, GuestNetworkPlace place, HttpHost? shared = null, SharedPlaces? places = null)
    {
        (_variables, _place) = (variables, place);
        var name = Path.GetFileNameWithoutExtension(variables.Spec.Arguments[0]);
        var options = new HttpServiceOptions { Name = name, AccessLog = AccessLogFormat.Text, Serving = Serving(variables.Spec) with { Shared = places } };
        var connections = variables.Spec.Limits.Bounds.Connections ?? options.ConnectionsMax;
        _service = new HttpService(guest, options with { ConnectionsMax = connections }, errors, time, static _ => { }, shared);
    }

    /// <summary>How the requests of a container are handled.</summary>
    public static ServingOptions Serving(GuestSpec spec)
    {
        var usual = new ServingOptions();
        return usual with { InFlightMax = spec.Limits.Bounds.InFlight ?? usual.InFlightMax };
    }

    public SiteMetrics Metrics => _service.Metrics;

    /// <inheritdoc cref="HttpService.Connections"/>
    public int Connections => _service.Connections;

    /// <inheritdoc cref="HttpService.ConnectionsHeldBack"/>
    public long ConnectionsHeldBack => _service.ConnectionsHeldBack;

    /// <exception cref="GuestException">It cannot listen where it should.</exception>
    public Task StartAsync() => _service.StartAsync(Listen(), CancellationToken.None);

    /// <summary>Requests that are under way have as long to finish; then nothing of the guest runs any more.</summary>
    public Task StopAsync(TimeSpan grace) => _service.StopAsync(grace);

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    private Socket Listen()
    {
        try
        {
            return _place.Listen(_variables.Address, _variables.Backlog);
        }
        catch (SocketException fault)
        {
            throw new GuestException($"cannot listen on {_variables.Address}: {fault.Message}", fault);
        }
    }
}
