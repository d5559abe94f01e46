using Skiff.Engine;
using Skiff.Http;
using Skiff.Http.Serving;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Wasi;

namespace Skiff.Runner.Hosting;

/// <summary>What the guests of a host share. Each part is made when the first guest wants it.</summary>
internal sealed class HostServices : IAsyncDisposable
{
    // Commands, and requests in flight: with two memories of 4 GiB each they fill a quarter of a process's addresses.
    private const int GuestsMax = 4096;

    private static readonly int Instances = Math.Min(GuestsMax, GuestLimit.Largest);

    private readonly Lazy<WasmEngine> _engine = new(() => new WasmEngine(new WasmEngineOptions { Pool = new PoolOptions(Instances) }));
    private readonly Lazy<NamespaceThread> _namespaces = new();
    private readonly ReadinessLoop _readiness = new();
    private readonly Action<string> _log;

    private HostServices(TimeProvider time, HttpHost web, Action<string> log)
    {
        (Time, Web, _log) = (time, web, log);
        Wasi = new WasiHost(time, _readiness);
    }

    public TimeProvider Time { get; }

    public WasiHost Wasi { get; }

    public HttpHost Web { get; }

    public CpuShares Processors { get; } = new(Environment.ProcessorCount);

    /// <summary>One for each instance that the engine's pool has room for.</summary>
    public SharedPlaces Places { get; } = new(Instances);

    public SharedCode Code { get; } = new();

    public NamespaceThread NamespaceThread => _namespaces.Value;

    public static async Task<HostServices> StartAsync(TimeProvider time, Action<string> log, CancellationToken cancellation)
    {
        var web = new HttpHost(new HttpLimits(), time);
        await web.StartAsync(cancellation);
        return new HostServices(time, web, log);
    }

    /// <summary>One line for the host's own log.</summary>
    public void Log(string line) => _log(line);

    public WasmEngine Engine => _engine.Value;

    public async ValueTask DisposeAsync()
    {
        await Web.DisposeAsync();
        Code.Dispose();
        if (_engine.IsValueCreated)
        {
            _engine.Value.Dispose();
        }

        if (_namespaces.IsValueCreated)
        {
            _namespaces.Value.Dispose();
        }

        _readiness.Dispose();
    }
}
