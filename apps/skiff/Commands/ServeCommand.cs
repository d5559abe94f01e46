using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Skiff.Guest;
using Skiff.Http;
using Skiff.Http.Health;
using Skiff.Http.Listening;
using Skiff.Http.Serving;
using Skiff.Http.Workers;
using Skiff.Linux;
using Skiff.Runner;
using Skiff.Wasi.Sockets;

namespace Skiff.Cli.Commands;

/// <summary><c>skiff serve</c>: a component answers HTTP requests on this machine.</summary>
internal static class ServeCommand
{
    private static readonly TimeSpan WorkerPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan MeasureRound = TimeSpan.FromMilliseconds(200);

    private static readonly Argument<string> File = new("FILE") { Description = "Component that exports wasi:http/incoming-handler (.wasm or text)" };
    private static readonly Option<string> Address = new("--addr") { Description = "Where to listen", HelpName = "IP:PORT", DefaultValueFactory = _ => "127.0.0.1:8080" };
    private static readonly Option<string[]> Directory = new("--dir") { Description = "Directory the guest may see, HOST[::GUEST][:ro]; none by default", HelpName = "DIR" };
    private static readonly Option<string[]> Variable = new("--env") { Description = "Environment variable, K=V, or K to pass the own value on", HelpName = "K[=V]" };
    private static readonly Option<string[]> Network = new("--net") { Description = "Destination the guest may reach: address, network or name, with :PORT or :*", HelpName = "DESTINATION" };
    private static readonly Option<string?> Memory = new("--memory") { Description = "Linear memory of an instance at most, e.g. 64m", HelpName = "SIZE" };
    private static readonly Option<string?> Cpu = new("--cpu") { Description = "Processors' worth of CPU time of all instances together, e.g. 0.5", HelpName = "N" };
    private static readonly Option<int> Reuse = new("--reuse") { Description = "Requests that one instance answers (1: a fresh one each)", HelpName = "N", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> InFlight = new("--max-in-flight") { Description = "Requests that guests work on at once; further ones wait", HelpName = "N", DefaultValueFactory = _ => new ServingOptions().InFlightMax };
    private static readonly Option<string[]> Limit = LimitOption.Create();
    private static readonly Option<string?> Timeout = new("--timeout") { Description = "Time of a request (default 60s); over it: 504", HelpName = "TIME" };
    private static readonly Option<string?> Grace = new("--grace") { Description = "Time that requests have to finish when the server stops (default 10s)", HelpName = "TIME" };
    private static readonly Option<string?> Certificate = new("--tls-cert") { Description = "PEM file of the certificate chain; with --tls-key", HelpName = "FILE" };
    private static readonly Option<string?> Key = new("--tls-key") { Description = "PEM file of the certificate's key", HelpName = "FILE" };
    private static readonly Option<string> Workers = new("--workers") { Description = "Processes that share the listener, or auto: measured by how much memory a request dirties", HelpName = "N", DefaultValueFactory = _ => "auto" };
    private static readonly Option<string?> Metrics = new("--metrics") { Description = "Address of /healthz and /metrics (OpenMetrics)", HelpName = "IP:PORT" };
    private static readonly Option<string?> Otlp = new("--otlp") { Description = "OpenTelemetry collector for traces and figures (OTLP/HTTP)", HelpName = "URL" };
    private static readonly Option<string> AccessLog = new("--access-log") { Description = "on, off or json", HelpName = "FORM", DefaultValueFactory = _ => "on" };
    private static readonly Option<int> Worker = new("--worker") { Hidden = true, Description = "Be one of so many workers" };
    private static readonly Option<bool> Optimised = CacheLocation.OptimisedOption();
    private static readonly Option<string?> Cache = CacheLocation.Option();

    public static Command Create()
    {
        var command = new Command("serve", "Answer HTTP requests with a component")
        {
            File, Address, Directory, Variable, Network, Memory, Cpu, Reuse, InFlight, Limit, Timeout, Grace, Certificate, Key, Workers, Metrics, Otlp, AccessLog, Worker, Optimised, Cache,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        try
        {
            RequirePositive(parsed, Reuse);
            RequirePositive(parsed, InFlight);
            ResourceLimits.RaiseOpenFiles();
            using var reaper = new ChildReaper(TimeProvider.System, subreaper: false);
            using var guest = Load(parsed, reaper);
            await (parsed.GetValue(Worker) > 0 ? WorkAsync(parsed, guest) : ServeAsync(parsed, guest, reaper));
            return 0;
        }
        catch (Exception fault) when (fault is GuestException or DamagedCodeException or IOException or UnauthorizedAccessException
            or SocketException or CryptographicException or FormatException or LinuxException or TimeoutException)
        {
            Outcome.Complain(fault.Message);
            return GuestExit.CannotExecute;
        }
    }

    /// <summary>The process that was started by hand: it answers itself, or keeps workers that do.</summary>
    private static async Task ServeAsync(ParseResult parsed, ServedFile guest, ChildReaper reaper)
    {
        using var stop = new StopSignals();
        var address = ListeningSocket.Parse(parsed.GetValue(Address)!, "--addr");
        var processors = ThreadAffinity.Allowed();
        var workers = parsed.GetValue(Workers)!;
        var count = workers == "auto" ? 0 : Number(workers, "--workers");
        using var socket = ListeningSocket.Bind(address);
        Say($"serving {parsed.GetValue(File)} on {(parsed.GetValue(Certificate) is null ? "http" : "https")}://{socket.LocalEndPoint}");
        if (count > 1)
        {
            await SuperviseAsync(parsed, socket, [.. Enumerable.Range(0, count).Select(i => processors[i % processors.Count])], stop, null, reaper);
            return;
        }

        await using var service = Service(parsed, guest);
        // A second descriptor: should workers take over, the socket is still open when ours has been closed.
        await service.StartAsync(Descriptors.Duplicate(socket), CancellationToken.None);
        ListenForOperator(parsed, service);
        _ = guest.ImproveAsync(service, TimeProvider.System, Say, stop.Token);
        if (count == 1 || processors.Count == 1 || !await WantsWorkersAsync(service, stop.Token))
        {
            await stop.WaitAsync();
            await service.StopAsync(GraceOf(parsed));
            return;
        }

        await SuperviseAsync(parsed, socket, processors, stop, service, reaper);
    }

    private static async Task SuperviseAsync(ParseResult parsed, Socket socket, IReadOnlyList<int> processors, StopSignals stop, HttpService? before, ChildReaper reaper)
    {
        await using var supervisor = new WorkerSupervisor(
            new WorkerProgram(Environment.ProcessPath!, [.. Environment.GetCommandLineArgs(), "--worker", processors.Count.ToString(CultureInfo.InvariantCulture)]), processors, socket, reaper, TimeProvider.System, Say);
        try
        {
            await supervisor.StartAsync(WorkerPatience, stop.Token);
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            await supervisor.StopAsync(GraceOf(parsed));
            return;
        }

        Say(string.Create(CultureInfo.InvariantCulture, $"{processors.Count} worker processes"));
        if (before is not null)
        {
            await before.StopAcceptingAsync();
        }

        var name = Name(parsed);
        await using var host = new HttpHost(new HttpLimits(), TimeProvider.System);
        if (parsed.GetValue(Metrics) is { } address)
        {
            await host.StartAsync(CancellationToken.None);
            host.Listen(ListeningSocket.Bind(ListeningSocket.Parse(address, "--metrics")), new HttpSite("operator", new HealthHandler(
                async cancellation =>
                {
                    var sum = new SiteMetrics(name);
                    return new Figures([sum], await supervisor.AddFiguresAsync(sum, cancellation)).ToMetrics();
                },
                () => stop.Token.IsCancellationRequested)));
        }

        await stop.WaitAsync();
        await supervisor.StopAsync(GraceOf(parsed));
    }

    /// <summary>A process that <see cref="SuperviseAsync"/> started.</summary>
    private static async Task WorkAsync(ParseResult parsed, ServedFile guest)
    {
        // The terminal's Ctrl-C reaches all processes of its group: a worker stops when its supervisor says so, or has gone.
        using var deaf = new StopSignals();
        using var channel = new WorkerEnd(Descriptors.TakeInheritedSocket(WorkerSupervisor.ChannelDescriptor));
        await using var service = Service(parsed, guest);
        await service.StartAsync(Descriptors.TakeInheritedSocket(WorkerSupervisor.ListenerDescriptor), CancellationToken.None);
        using var stop = new CancellationTokenSource();
        _ = guest.ImproveAsync(service, TimeProvider.System, static _ => { }, stop.Token);
        await channel.ServeAsync(service.Metrics, CancellationToken.None);
        await stop.CancelAsync();
        await service.StopAsync(GraceOf(parsed));
    }

    private static async Task<bool> WantsWorkersAsync(HttpService service, CancellationToken stop)
    {
        var measure = new DirtyPages(service.Metrics);
        while (!stop.IsCancellationRequested)
        {
            if (measure.Decide() is { } verdict)
            {
                if (verdict)
                {
                    Say(string.Create(CultureInfo.InvariantCulture, $"a request dirties {measure.PagesPerRequest:0} pages: one process a processor serves more"));
                }

                return verdict;
            }

            await Task.Delay(MeasureRound, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return false;
    }

    private static ServedFile Load(ParseResult parsed, ChildReaper reaper) => ServedFile.Load(
        CacheLocation.Open(parsed.GetValue(Cache)),
        LoadedFile.Read(parsed.GetValue(File)!, CodeCache.ModuleBytesMax),
        parsed.GetValue(Optimised),
        code => Load(parsed, code),
        request => reaper.Spawn(request));

    private static ServedGuest Load(ParseResult parsed, CompiledCode code) => HttpGuestLoader.Load(
        new GuestSpec
        {
            Arguments = [parsed.GetValue(File)!],
            Environment = (parsed.GetValue(Variable) ?? []).Select(RunCommand.ParseVariable).ToList(),
            Directories = (parsed.GetValue(Directory) ?? []).Select(RunCommand.ParseDirectory).ToList(),
            Network = new GuestNetwork(parsed.GetValue(Network) ?? [], []),
            Code = code,
            Limits = new GuestLimits(parsed.GetValue(Memory) is { } memory ? Quantity.Bytes(memory) : null, null, null)
            {
                // Workers share it equally, as they share the connections.
                Cpu = RunCommand.ParseCpu(parsed.GetValue(Cpu)) / Math.Max(1, parsed.GetValue(Worker)),
                Bounds = LimitOption.Read(parsed, Limit),
            },
        },
        Console.OpenStandardOutput(),
        Console.OpenStandardError(),
        parsed.GetValue(InFlight),
        new GuestNetworkPlace(),
        TimeProvider.System);

    private static HttpService Service(ParseResult parsed, ServedFile guest)
    {
        var serving = new ServingOptions();
        return new HttpService(
            guest.Guest,
            new HttpServiceOptions
            {
                Name = Name(parsed),
                ConnectionsMax = LimitOption.Read(parsed, Limit).Connections!.Value,
                SharesSocket = parsed.GetValue(Worker) > 0,
                Serving = serving with
                {
                    InFlightMax = parsed.GetValue(InFlight),
                    RequestsPerInstance = parsed.GetValue(Reuse),
                    Deadline = parsed.GetValue(Timeout) is { } time ? Quantity.Time(time) : serving.Deadline,
                },
                AccessLog = parsed.GetValue(AccessLog) switch
                {
                    "on" => AccessLogFormat.Text,
                    "json" => AccessLogFormat.Json,
                    "off" => null,
                    var other => throw new GuestException($"--access-log {other}: on, off or json"),
                },
                Tls = (parsed.GetValue(Certificate), parsed.GetValue(Key)) switch
                {
                    (null, null) => null,
                    ({ } certificate, { } key) => TlsIdentity.Load(certificate, key),
                    _ => throw new GuestException("--tls-cert and --tls-key are given together or not at all"),
                },
                Otlp = parsed.GetValue(Otlp) is { } url
                    ? Uri.TryCreate(url, UriKind.Absolute, out var collector) ? collector : throw new GuestException($"--otlp {url}: not a URL")
                    : null,
            },
            Console.OpenStandardOutput(),
            TimeProvider.System,
            Say);
    }

    private static void ListenForOperator(ParseResult parsed, HttpService service)
    {
        if (parsed.GetValue(Metrics) is { } address)
        {
            service.ListenForOperator(ListeningSocket.Bind(ListeningSocket.Parse(address, "--metrics")));
        }
    }

    private static string Name(ParseResult parsed) => Path.GetFileNameWithoutExtension(parsed.GetValue(File)!);

    private static TimeSpan GraceOf(ParseResult parsed) => parsed.GetValue(Grace) is { } grace ? Quantity.Time(grace) : TimeSpan.FromSeconds(10);

    private static int Number(string text, string option) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
        ? number
        : throw new GuestException($"{option} {text}: a number from 1, or auto");

    private static void RequirePositive(ParseResult parsed, Option<int> option)
    {
        if (parsed.GetValue(option) is < 1 and var number)
        {
            throw new GuestException(string.Create(CultureInfo.InvariantCulture, $"{option.Name} {number}: a number from 1"));
        }
    }

    private static void Say(string text) => Outcome.Complain(text);
}
