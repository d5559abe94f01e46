using System.Net;
using System.Net.Sockets;
using Skiff.Components;
using Skiff.Components.Host;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Engine;
using Skiff.Http;
using Skiff.Http.Health;
using Skiff.Http.Outgoing;
using Skiff.Http.Serving;
using Skiff.Linux.Files;
using Skiff.Wasi;
using Skiff.Wasi.Preview2;

namespace Skiff.Bench.Http;

/// <summary>A guest behind the same server. Its code is compiled first, into files beside the guest, as the cache would hold it.</summary>
internal sealed class GuestServer : IDisposable
{
    private readonly WasmEngine _engine;
    private readonly LinkPlan _plan;
    private readonly List<CompiledModule> _modules = [];
    private readonly string _file;

    private GuestServer(string file, int inFlight, Func<PoolOptions, PoolOptions> tuned)
    {
        (_file, _plan) = (file, Component.Parse(File.ReadAllBytes(file)));
        _engine = new WasmEngine(new WasmEngineOptions { Pool = tuned(GuestPool.For(_plan, inFlight)) });
    }

    /// <param name="keepResidentBytes">Null: as the pool has it.</param>
    public static async Task RunAsync(string file, int port, ServingOptions options, int? keepResidentBytes)
    {
        using var server = new GuestServer(
            file, options.InFlightMax, pool => keepResidentBytes is { } bytes ? pool with { KeepResidentBytes = bytes } : pool);
        var linked = server.Link();
        var host = new WasiHost(TimeProvider.System, new ReadinessLoop());
        var context = new WasiContext { Environment = [new("GREETING", "hello")] };
        using var guest = new HttpGuest(linked, () => new WasiState(context, host), new OutgoingClient(context, TimeProvider.System));
        using var handler = new GuestHandler(guest, options, new SiteMetrics("bench"), TimeProvider.System);
        await using var http = new HttpHost(new HttpLimits(), TimeProvider.System);
        await http.StartAsync(CancellationToken.None);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        socket.Listen(4096);
        http.Listen(socket, new HttpSite("bench", handler));
        await Task.Delay(Timeout.Infinite);
    }

    /// <summary>Compiles what is not compiled yet.</summary>
    public static void Compile(string file)
    {
        using var server = new GuestServer(file, 1, pool => pool);
        server.Link().Dispose();
    }

    public void Dispose()
    {
        _modules.ForEach(module => module.Dispose());
        _engine.Dispose();
    }

    private LinkedComponent Link()
    {
        var interfaces = new HostInterfaces();
        WasiPreview2.Define(interfaces, state => ((HttpGuestState)state).Wasi);
        WasiHttp.Define(interfaces, state => ((HttpGuestState)state).Http);
        return new LinkedComponent(_engine, _plan, interfaces, Load, fibers: true);
    }

    private CompiledModule Load(CoreModule module)
    {
        var path = $"{_file}.{module.Index}.cwasm";
        if (!File.Exists(path) || File.GetLastWriteTimeUtc(path) < File.GetLastWriteTimeUtc(_file))
        {
            using var code = _engine.Compile(module.Bytes.Span);
            File.WriteAllBytes(path, code.Bytes);
        }

        var compiled = CompiledModule.Map(_engine, path);
        _modules.Add(compiled);
        return compiled;
    }
}
