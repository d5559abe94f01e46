using System.Runtime.InteropServices;
using Skiff.Guest;
using Skiff.Wasi.Sockets;

namespace Skiff.Runner;

/// <summary>A component of a container that answers requests until the container is told to stop.</summary>
internal sealed class PreparedHttp : IPreparedGuest
{
    private readonly ServedGuest _guest;
    private readonly ListenVariables _variables;
    private readonly GuestNetworkPlace _place;
    private readonly TimeProvider _time;

    private PreparedHttp(ServedGuest guest, ListenVariables variables, GuestNetworkPlace place, TimeProvider time) =>
        (_guest, _variables, _place, _time) = (guest, variables, place, time);

    public bool StopsOnSignals => true;

    /// <exception cref="GuestException">It imports what Skiff does not offer, or a variable says nothing that one could listen on.</exception>
    public static PreparedHttp Create(GuestSpec spec, ParsedComponent component, TimeProvider time)
    {
        var variables = ListenVariables.TakeFrom(spec);
        var place = new GuestNetworkPlace();
        var guest = HttpGuestLoader.Load(
            variables.Spec, component, Console.OpenStandardOutput(), Console.OpenStandardError(), ContainerService.Serving(spec).InFlightMax, place, time);
        return new PreparedHttp(guest, variables, place, time);
    }

    public GuestExit Run()
    {
        using var stop = new ManualResetEventSlim();
        void Ask(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Set();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask);
        try
        {
            return RunAsync(stop).GetAwaiter().GetResult();
        }
        catch (GuestException fault)
        {
            return new GuestExit(GuestExit.CannotExecute, fault.Message);
        }
    }

    public void Dispose() => _guest.Dispose();

    private async Task<GuestExit> RunAsync(ManualResetEventSlim stop)
    {
        using var errors = Console.OpenStandardError();
        await using var service = new ContainerService(_guest.Guest, _variables, errors, _time, _place);
        await service.StartAsync();
        await Task.Factory.StartNew(stop.Wait, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await service.StopAsync(ContainerService.Grace);
        return new GuestExit(0);
    }
}
