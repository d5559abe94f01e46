using Skiff.Components;
using Skiff.Components.Runtime;
using Skiff.Engine;
using Skiff.Guest;
using Skiff.Http.Outgoing;
using Skiff.Http.Serving;
using Skiff.Linux.Files;
using Skiff.Wasi;
using Skiff.Wasi.Sockets;
using Skiff.Wasi.Streams;

namespace Skiff.Runner;

/// <summary>A component that answers requests, with all that its instances share. Dispose it after the service.</summary>
public sealed class ServedGuest : IDisposable
{
    private readonly Parts _parts;

    internal ServedGuest(Parts parts, HttpGuest guest, string why) => (_parts, Guest, Why) = (parts, guest, why);

    public HttpGuest Guest { get; }

    /// <summary>What showed that it is one (<see cref="GuestKind.Why"/>).</summary>
    public string Why { get; }

    public void Dispose() => _parts.Dispose();
}

/// <summary>Loads guests that answer requests: as <see cref="GuestRunner"/>, but for fibers and for many instances.</summary>
public static class HttpGuestLoader
{
    /// <param name="spec">What to serve. Of its environment, what names the listener is taken out by the caller.</param>
    /// <param name="output">Where its instances write.</param>
    /// <param name="guests">Instances at once.</param>
    /// <param name="place">Where they are in the network; outlives the guest.</param>
    /// <exception cref="GuestException">It is not a component that answers requests, or imports what Skiff does not offer.</exception>
    public static ServedGuest Load(GuestSpec spec, Stream output, Stream error, int guests, GuestNetworkPlace place, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Code.Kind != CodeKind.Component)
        {
            throw new GuestException("a core module answers no HTTP requests; serve a component that exports wasi:http/incoming-handler");
        }

        var parts = new Parts();
        try
        {
            var plan = Component.Parse(Code.ReadComponent(spec.Code.Path));
            var kind = GuestKind.Detect(plan, spec.Export ?? GuestKind.IncomingHandler);
            if (kind.Form != GuestForm.HttpHandler)
            {
                throw new GuestException($"this is {kind.Why}; what is served exports {GuestKind.IncomingHandler}");
            }

            var host = GuestRunner.Interfaces();
            if (MissingImports.Describe(plan, host) is { } missing)
            {
                throw new GuestException(missing);
            }

            var engine = parts.Add(new WasmEngine(new WasmEngineOptions { Pool = new PoolOptions(guests) }));
            var modules = Code.MapModules(engine, plan, spec.Code, parts.Add);
            var linked = parts.Add(new LinkedComponent(engine, plan, host, module => modules[module.Index], fibers: true));
            var readiness = parts.Add(new ReadinessLoop());
            var network = GuestRunner.Granted(spec.Network);
            var guest = parts.Add(new HttpGuest(
                linked,
                Wasi(spec, network, place, output, error, new WasiHost(time, readiness)),
                new OutgoingClient(network, place, time),
                new StoreLimits { MemoryBytes = spec.Limits.MemoryBytes }));
            return new ServedGuest(parts, guest, kind.Why);
        }
        catch (Exception fault) when (fault is EngineException or ComponentException)
        {
            parts.Dispose();
            throw new GuestException(fault.Message, fault);
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }

    /// <summary>Whether the component, entered as the specification asks, answers requests.</summary>
    /// <exception cref="GuestException">It is no component, or has no such export.</exception>
    internal static bool IsHandler(GuestSpec spec)
    {
        try
        {
            return GuestKind.Detect(Component.Parse(Code.ReadComponent(spec.Code.Path)), spec.Export).Form == GuestForm.HttpHandler;
        }
        catch (ComponentException fault)
        {
            throw new GuestException(fault.Message, fault);
        }
    }

    private static Func<WasiState> Wasi(
        GuestSpec spec, NetworkGrants network, GuestNetworkPlace place, Stream output, Stream error, WasiHost host)
    {
        var (lines, errors) = (new GuestOutput(output), new GuestOutput(error));
        var context = new WasiContext
        {
            Arguments = spec.Arguments,
            Environment = spec.Environment,
            Network = network,
            Place = place,
            Preopens = spec.Directories.Select(d => new Preopen(d.HostPath, d.GuestPath, d.ReadOnly)).ToList(),
        };
        return () => new WasiState(
            context with { Stdio = new StandardStreams(new ClosedInputStream(), lines.ForInstance(), errors.ForInstance()) }, host);
    }
}
