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

    internal ServedGuest(Parts parts, HttpGuest guest) => (_parts, Guest) = (parts, guest);

    public HttpGuest Guest { get; }

    public void Dispose() => _parts.Dispose();
}

/// <summary>Loads guests that answer requests: as <see cref="GuestRunner"/>, but for fibers and for many instances.</summary>
public static class HttpGuestLoader
{
    /// <param name="spec">What to serve. Of its environment, what names the listener is taken out by the caller.</param>
    /// <param name="output">Where its instances write.</param>
    /// <param name="inFlightMax">Requests at once: no more instances are made, whether they wait to be used again or not.</param>
    /// <param name="place">Where they are in the network; outlives the guest.</param>
    /// <exception cref="GuestException">It is not a component that answers requests, or imports what Skiff does not offer.</exception>
    public static ServedGuest Load(GuestSpec spec, Stream output, Stream error, int inFlightMax, GuestNetworkPlace place, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Code.Kind != CodeKind.Component)
        {
            throw new GuestException("a core module answers no HTTP requests; serve a component that exports wasi:http/incoming-handler");
        }

        return Load(spec, Code.ReadComponent(spec with { Export = spec.Export ?? GuestKind.IncomingHandler }), output, error, inFlightMax, place, time);
    }

    /// <summary>As the other, of what was read before.</summary>
    internal static ServedGuest Load(
        GuestSpec spec, ParsedComponent component, Stream output, Stream error, int inFlightMax, GuestNetworkPlace place, TimeProvider time)
    {
        if (component.Kind.Form != GuestForm.HttpHandler)
        {
            throw new GuestException($"this is {component.Kind.Why}; what is served exports {GuestKind.IncomingHandler}");
        }

        var parts = new Parts();
        try
        {
            var engine = parts.Add(new WasmEngine(new WasmEngineOptions { Pool = GuestPool.For(component.Plan, inFlightMax), Baseline = spec.Code.IsBaseline }));
            var linked = parts.Add(LinkedGuest.Link(engine, spec, component, fibers: true, path => parts.Add(Code.MapModule(engine, path))));
            var readiness = parts.Add(new ReadinessLoop());
            var context = GuestRunner.Context(spec, time) with { Place = place };
            var guest = Serve(
                (LinkedHandler)linked,
                context,
                new GuestOutput(output, context.Quotas.Log),
                new GuestOutput(error, context.Quotas.Log),
                new WasiHost(time, readiness),
                EngineLimits.Of(spec.Limits, time));
            return new ServedGuest(parts, parts.Add(guest));
        }
        catch (EngineException fault)
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

    /// <summary>Gives a linked component what it is granted, but for the standard streams.</summary>
    /// <param name="limits">Of each of its stores, or of all together.</param>
    /// <param name="authorities">As <see cref="OutgoingClient"/> takes them.</param>
    internal static HttpGuest Serve(
        LinkedHandler linked, WasiContext context, GuestOutput output, GuestOutput error, WasiHost host, StoreLimits limits, GuestAuthorities? authorities = null) =>
        new(
            linked.Component,
            () => new WasiState(
                context with { Stdio = new StandardStreams(new ClosedInputStream(), output.ForInstance(), error.ForInstance()) }, host),
            new OutgoingClient(context, host.Time, authorities),
            limits);
}
