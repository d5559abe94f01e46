using Skiff.Engine;
using Skiff.Guest;
using Skiff.Http;
using Skiff.Http.Serving;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Wasi;
using Skiff.Wasi.Quotas;

namespace Skiff.Runner.Hosting;

/// <summary>What the guests of a host share. Each part is made when the first guest wants it.</summary>
internal sealed class HostServices : IAsyncDisposable
{
    // Commands, and requests in flight: with two memories of 4 GiB each they fill a quarter of a process's addresses.
    private const int GuestsMax = 4096;

    // Of the process's open files guests have half together, and one has a share that takes many of them to use that up. The other half is for
    // the connections of their clients, a part of it each, and for what we hold for each guest.
    private const int FilesOfAll = 2;
    private const int FilesOfOne = 16;
    private const int ConnectionsOfOne = 8;

    private static readonly PoolOptions Pool = FittingPool();

    private readonly Lazy<WasmEngine> _engine = new(() => new WasmEngine(new WasmEngineOptions { Pool = Pool }));
    private readonly Lazy<NamespaceThread> _namespaces = new();
    private readonly ReadinessLoop _readiness = new();
    private readonly Action<string> _log;

    private HostServices(TimeProvider time, HttpHost web, int files, Action<string> log)
    {
        (Time, Web, _log) = (time, web, log);
        Descriptors = new CountQuota(files / FilesOfAll);
        Bounds = GuestBounds.Shared with
        {
            OpenFiles = Math.Min(GuestBounds.Shared.OpenFiles!.Value, files / FilesOfOne),
            Connections = Math.Min(GuestBounds.Shared.Connections!.Value, files / ConnectionsOfOne),
        };
        Wasi = new WasiHost(time, _readiness);
    }

    public TimeProvider Time { get; }

    public WasiHost Wasi { get; }

    public HttpHost Web { get; }

    public CpuShares Processors { get; } = new(Environment.ProcessorCount);

    /// <summary>One for each instance that the engine's pool has room for.</summary>
    public SharedPlaces Places { get; } = new(Pool.Guests);

    /// <summary>What all guests may have open together.</summary>
    public CountQuota Descriptors { get; }

    /// <summary>What each may have, unless the operator says otherwise.</summary>
    public GuestBounds Bounds { get; }

    public SharedCode Code { get; } = new();

    public NamespaceThread NamespaceThread => _namespaces.Value;

    public static async Task<HostServices> StartAsync(TimeProvider time, Action<string> log, CancellationToken cancellation)
    {
        var files = (int)Math.Min(ResourceLimits.RaiseOpenFiles(), int.MaxValue);
        var web = new HttpHost(new HttpLimits(), time);
        await web.StartAsync(cancellation);
        return new HostServices(time, web, files, log);
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

    private static PoolOptions FittingPool()
    {
        var pool = new PoolOptions(GuestsMax);
        return pool with { Guests = Math.Min(GuestsMax, GuestLimit.LargestWith(pool.MemoriesPerGuest, pool.StacksPerGuest)) };
    }
}
