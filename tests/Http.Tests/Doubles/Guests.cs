using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Skiff.Components;
using Skiff.Components.Host;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Engine;
using Skiff.Guest;
using Skiff.Http.Health;
using Skiff.Http.Outgoing;
using Skiff.Http.Serving;
using Skiff.Linux.Files;
using Skiff.Wasi;
using Skiff.Wasi.Preview2;
using Skiff.Wasi.Quotas;
using Skiff.Wasi.Sockets;

namespace Skiff.Http.Tests.Doubles;

/// <summary>Real guests (tests/Guests) on the real engine, linked once for all tests.</summary>
internal static class Guests
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, LinkedComponent> Linked = [];
    private static readonly Lazy<WasmEngine> SharedEngine = new(() => new WasmEngine());

    public static WasmEngine Engine => SharedEngine.Value;

    /// <summary>Waits for descriptors, for all guests.</summary>
    public static WasiHost Host { get; } = new(TimeProvider.System, new ReadinessLoop());

    public static string Folder => Environment.GetEnvironmentVariable("SKIFF_GUESTS") ?? Path.Combine(Repository(), "artifacts", "guests");

    /// <summary>Skips the test when the guest's toolchain was missing.</summary>
    public static HttpGuest Load(
        string name, NetworkGrants? network = null, StoreLimits? limits = null, GuestNetworkPlace? place = null, Func<X509ChainPolicy?>? trust = null,
        WasiQuotas? quotas = null)
    {
        var context = new WasiContext
        {
            Network = network ?? NetworkGrants.None,
            Place = place ?? new GuestNetworkPlace(),
            Environment = [new("GREETING", "hello")],
            Quotas = quotas ?? new WasiQuotas(GuestBounds.Default, TimeProvider.System),
        };
        return new HttpGuest(
            Link(name),
            () => new WasiState(context, Host),
            new OutgoingClient(context, TimeProvider.System, trust ?? TrustedRoots.Find),
            limits);
    }

    public static LinkedComponent Link(string name)
    {
        var path = Path.Combine(Folder, name);
        Assert.SkipUnless(File.Exists(path), $"{name} is not built: make -C tests/Guests");
        lock (Gate)
        {
            if (!Linked.TryGetValue(name, out var linked))
            {
                var bytes = File.ReadAllBytes(path);
                if (name.EndsWith(".wat", StringComparison.Ordinal))
                {
                    bytes = WasmEngine.FromText(bytes);
                }

                var interfaces = new HostInterfaces();
                WasiPreview2.Define(interfaces, state => ((HttpGuestState)state).Wasi);
                WasiHttp.Define(interfaces, state => ((HttpGuestState)state).Http);
                linked = new LinkedComponent(Engine, Component.Parse(bytes), interfaces, Compile, fibers: true);
                Linked.Add(name, linked);
            }

            return linked;
        }
    }

    public static CompiledModule Compile(CoreModule module)
    {
        using var code = Engine.Compile(module.Bytes.Span);
        return CompiledModule.Load(Engine, code.Bytes);
    }

    private static string Repository([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}

/// <summary>A guest behind a listener.</summary>
internal sealed class GuestSite : IAsyncDisposable
{
    private readonly HttpGuest _guest;
    private readonly GuestHandler _handler;
    private readonly MemoryStream _log = new();
    private readonly AccessLog _access;

    private GuestSite(HttpGuest guest, GuestHandler handler, SiteMetrics metrics) =>
        (_guest, _handler, Metrics, _access) = (guest, handler, metrics, new AccessLog(_log, AccessLogFormat.Text, TimeProvider.System));

    public SiteMetrics Metrics { get; }

    public TestHost Host { get; private set; } = null!;

    public string Address => Host.Address;

    /// <summary>The access log so far.</summary>
    public string Log
    {
        get
        {
            _access.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return System.Text.Encoding.UTF8.GetString(_log.ToArray());
        }
    }

    public static async Task<GuestSite> StartAsync(
        string guest, ServingOptions? options = null, NetworkGrants? network = null, HttpLimits? limits = null, Skiff.Http.Listening.TlsIdentity? tls = null,
        Tracer? tracer = null, GuestNetworkPlace? place = null, Func<X509ChainPolicy?>? trust = null, WasiQuotas? quotas = null)
    {
        var metrics = new SiteMetrics("guest");
        var loaded = Guests.Load(guest, network, place: place, trust: trust, quotas: quotas);
        var site = new GuestSite(loaded, new GuestHandler(loaded, options ?? new ServingOptions(), metrics, TimeProvider.System, tracer), metrics);
        site.Host = await TestHost.StartAsync(site._handler, limits, tls, site._access);
        return site;
    }

    public Task<CurlResult> Curl(string path, params string[] options) => Doubles.Curl.RunAsync([.. options, $"http://{Address}{path}"]);

    /// <summary>Ends everything, and holds that nothing is left of any guest.</summary>
    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _handler.StopAsync(TimeSpan.Zero);
        _handler.Dispose();
        _guest.Dispose();
        Assert.Equal((0, 0, 0), (Metrics.InFlight, Metrics.Queued, Metrics.Instances));
    }
}
