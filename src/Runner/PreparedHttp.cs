using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Skiff.Guest;
using Skiff.Http;
using Skiff.Http.Serving;
using Skiff.Wasi.Sockets;

namespace Skiff.Runner;

/// <summary>
/// A component of a container that answers requests until the container is told to stop. Where it listens, two variables of its
/// environment say, which are those that runwasi's wasmtime shim reads; like there, the guest does not see them.
/// </summary>
internal sealed class PreparedHttp : IPreparedGuest
{
    private const string AddressVariable = "WASMTIME_HTTP_PROXY_SOCKET_ADDR";

    /// <summary>runwasi's documentation says the one, its code reads the other.</summary>
    private static readonly string[] BacklogVariables = ["WASMTIME_HTTP_PROXY_BACKLOG", "WASMTIME_HTTP_BACKLOG"];

    private const int BacklogDefault = 100;

    /// <summary>What kubelet leaves by default between SIGTERM and SIGKILL is 30 s.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(25);

    private readonly ServedGuest _guest;
    private readonly string _name;
    private readonly IPEndPoint _address;
    private readonly int _backlog;
    private readonly GuestNetworkPlace _place;
    private readonly TimeProvider _time;

    private PreparedHttp(ServedGuest guest, string name, IPEndPoint address, int backlog, GuestNetworkPlace place, TimeProvider time) =>
        (_guest, _name, _address, _backlog, _place, _time) = (guest, name, address, backlog, place, time);

    public bool StopsOnSignals => true;

    /// <exception cref="GuestException">As <see cref="HttpGuestLoader.Load"/>, or a variable says nothing that one could listen on.</exception>
    public static PreparedHttp Create(GuestSpec spec, TimeProvider time)
    {
        var address = Find(spec, AddressVariable) is not { } text
            ? new IPEndPoint(IPAddress.Any, 8080)
            : IPEndPoint.TryParse(text, out var given) && text.Contains(':', StringComparison.Ordinal)
                ? given
                : throw new GuestException($"{AddressVariable}={text}: write IP:PORT, for example 0.0.0.0:8080");
        var backlog = BacklogVariables.Select(name => Find(spec, name)).FirstOrDefault(value => value is not null) is not { } number
            ? BacklogDefault
            : int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
                ? count
                : throw new GuestException($"{BacklogVariables[0]}={number}: a number from 1");
        var place = new GuestNetworkPlace();
        var guest = HttpGuestLoader.Load(
            spec with
            {
                Environment = [.. spec.Environment.Where(variable => variable.Key != AddressVariable && !BacklogVariables.Contains(variable.Key))],
            },
            Console.OpenStandardOutput(),
            Console.OpenStandardError(),
            2 * new ServingOptions().InFlightMax,
            place,
            time);
        return new PreparedHttp(guest, Path.GetFileNameWithoutExtension(spec.Arguments[0]), address, backlog, place, time);
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
        catch (SocketException fault)
        {
            return new GuestExit(GuestExit.CannotExecute, $"cannot listen on {_address}: {fault.Message}");
        }
    }

    public void Dispose() => _guest.Dispose();

    private async Task<GuestExit> RunAsync(ManualResetEventSlim stop)
    {
        using var errors = Console.OpenStandardError();
        await using var service = new HttpService(
            _guest.Guest,
            new HttpServiceOptions { Name = _name, AccessLog = AccessLogFormat.Text },
            errors,
            _time,
            static _ => { });
        await service.StartAsync(_place.Listen(_address, _backlog), CancellationToken.None);
        await Task.Factory.StartNew(stop.Wait, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await service.StopAsync(Grace);
        return new GuestExit(0);
    }

    private static string? Find(GuestSpec spec, string name) =>
        spec.Environment.Where(variable => variable.Key == name).Select(variable => variable.Value).LastOrDefault();
}
