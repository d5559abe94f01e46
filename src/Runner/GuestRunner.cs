using Skiff.Engine;
using Skiff.Guest;
using Skiff.Http.Outgoing;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Wasi;
using Skiff.Wasi.Quotas;
using Skiff.Wasi.Sockets;
using Skiff.Wasi.Streams;

namespace Skiff.Runner;

/// <summary>
/// Decides what a guest is and runs it to its end, on the calling thread: that thread needs a stack of the guest's
/// <see cref="GuestLimits.StackBytes"/> and <see cref="WasmEngine.StackBytesBeyond"/> more.
/// </summary>
/// <param name="print">Takes the results of a function that was called by name, one line at a time.</param>
/// <param name="serves">A guest that answers HTTP requests is served where its environment says, as in a container; else it is refused.</param>
/// <param name="abandon">
/// Ends the process: called from another thread when the wall time is over and the guest is in a system call that nothing wakes,
/// on a file system that does not answer say.
/// </param>
public sealed class GuestRunner(Action<string> print, Action<GuestExit> abandon, TimeProvider time, bool serves = false) : IGuestRunner
{
    /// <inheritdoc/>
    public IPreparedGuest Prepare(GuestSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var component = spec.Code.Kind == CodeKind.Component ? Code.ReadComponent(spec) : null;
        if (serves && component is { Kind.Form: GuestForm.HttpHandler })
        {
            return PreparedHttp.Create(spec, component, time);
        }

        var parts = new Parts();
        try
        {
            var engine = parts.Add(new WasmEngine(new WasmEngineOptions
            {
                StackBytes = spec.Limits.StackBytes ?? WasmEngine.StackBytesDefault,
                Baseline = spec.Code.IsBaseline,
            }));
            var linked = parts.Add(LinkedGuest.Link(engine, spec, component, fibers: false, path => parts.Add(Code.MapModule(engine, path))));
            var readiness = parts.Add(new ReadinessLoop());
            var granted = Context(spec, time);
            var context = granted with { Stdio = StandardStreams.OfProcess(readiness, granted.Quotas.Log) };
            var state = parts.Add(new WasiState(context, new WasiHost(time, readiness)));
            var client = parts.Add(new OutgoingClient(context, time));
            var entry = parts.Add(linked.NewRun(new GuestWorld(state, client, EngineLimits.Of(spec.Limits, time), spec.ExportArguments, print)));
            return new PreparedGuest(parts, entry, state.Stdio, new Deadline(spec.Limits.WallTime, time, abandon));
        }
        catch (Exception fault) when (fault is EngineException or LinuxException)
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

    /// <summary>What the specification grants, but for the standard streams.</summary>
    /// <param name="descriptors">As <see cref="WasiQuotas"/> takes it.</param>
    /// <exception cref="GuestException">A grant is not written as <c>skiff.dev/net</c> wants it.</exception>
    internal static WasiContext Context(GuestSpec spec, TimeProvider time, CountQuota? descriptors = null) => new()
    {
        Arguments = spec.Arguments,
        Environment = spec.Environment,
        Network = Granted(spec.Network),
        Quotas = new WasiQuotas(spec.Limits.Bounds, time, descriptors),
        Preopens = spec.Directories.Select(d => new Preopen(d.HostPath, d.GuestPath, d.ReadOnly)).ToList(),
    };

    private static NetworkGrants Granted(GuestNetwork network)
    {
        try
        {
            return NetworkGrants.Parse(network.Destinations, network.Listen);
        }
        catch (FormatException fault)
        {
            throw new GuestException($"network grant {fault.Message}", fault);
        }
    }
}
