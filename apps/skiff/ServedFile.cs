using Skiff.Guest;
using Skiff.Http;
using Skiff.Http.Serving;
using Skiff.Linux;
using Skiff.Runner;

namespace Skiff.Cli;

/// <summary>What is served: from the baseline compiler's code at first, if nothing better is there, and from optimised code as soon as that is.</summary>
internal sealed class ServedFile : IDisposable
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private readonly CodeCache _cache;
    private readonly Func<CompiledCode, ServedGuest> _load;
    private readonly ServedGuest _first;
    private readonly CachedModule _code;
    private ServedGuest? _better;

    private ServedFile(CodeCache cache, Func<CompiledCode, ServedGuest> load, ServedGuest first, CachedModule code) =>
        (_cache, _load, _first, _code) = (cache, load, first, code);

    public HttpGuest Guest => _first.Guest;

    /// <param name="optimised">As <see cref="GuestCode"/> takes it.</param>
    /// <param name="spawn">Starts the process that makes better code.</param>
    public static ServedFile Load(CodeCache cache, LoadedFile file, bool optimised, Func<CompiledCode, ServedGuest> load, Action<SpawnRequest> spawn)
    {
        var code = new GuestCode(cache, file, optimised);
        return code.Load(module =>
        {
            var served = new ServedFile(cache, load, load(module.Code), module);
            code.Optimise(module, spawn);
            return served;
        });
    }

    /// <summary>Waits for optimised code and has the service go on with it. Ends at once when it has it already. Fails never: what cannot be had is said.</summary>
    public async Task ImproveAsync(HttpService service, TimeProvider time, Action<string> log, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Round, time);
        try
        {
            while (_code.Code.IsBaseline && _better is null && await timer.WaitForNextTickAsync(stop))
            {
                if (TryOpen() is { } code)
                {
                    _better = _load(code);
                    service.Replace(_better.Guest);
                    log("optimised code is there: requests go to it from here on");
                }
                else if (!_cache.IsClaimed(_code.Digest))
                {
                    throw new GuestException("nobody has made it");
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The server stops.
        }
        catch (Exception fault) when (fault is GuestException or DamagedCodeException or IOException)
        {
            log($"no optimised code: {fault.Message}");
        }
    }

    public void Dispose()
    {
        _better?.Dispose();
        _first.Dispose();
    }

    private CompiledCode? TryOpen()
    {
        using var entry = _cache.TryOpen(_code.Digest);
        return entry?.Code;
    }
}
