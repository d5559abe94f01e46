using Skiff.Components;
using Skiff.Components.Host;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Engine;
using Skiff.Guest;
using Skiff.Http;
using Skiff.Http.Outgoing;
using Skiff.Http.Serving;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Wasi;
using Skiff.Wasi.Preview1;
using Skiff.Wasi.Preview2;
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
    // What control groups take.
    private static readonly TimeSpan CpuPeriod = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public IPreparedGuest Prepare(GuestSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (serves && spec.Code.Kind == CodeKind.Component && HttpGuestLoader.IsHandler(spec))
        {
            return PreparedHttp.Create(spec, time);
        }

        var parts = new Parts();
        try
        {
            var engine = parts.Add(new WasmEngine(new WasmEngineOptions { StackBytes = spec.Limits.StackBytes ?? WasmEngine.StackBytesDefault }));
            var readiness = parts.Add(new ReadinessLoop());
            var state = parts.Add(new WasiState(Granted(spec, readiness), new WasiHost(time, readiness)));
            IEntry entry = spec.Code.Kind == CodeKind.Module ? PrepareModule(spec, parts, engine, state) : PrepareComponent(spec, parts, engine, state);
            if (spec.Limits.Cpu is { } processors)
            {
                entry.Store.LimitCpu(new CpuQuota(processors, CpuPeriod, time));
            }

            return new PreparedGuest(parts, entry, state.Stdio, new Deadline(spec.Limits.WallTime, time, abandon));
        }
        catch (Exception fault) when (fault is EngineException or ComponentException or LinuxException)
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

    /// <exception cref="GuestException">A grant is not written as <c>skiff.dev/net</c> wants it.</exception>
    internal static NetworkGrants Granted(GuestNetwork network)
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

    private static WasiContext Granted(GuestSpec spec, ReadinessLoop readiness) => new()
    {
        Arguments = spec.Arguments,
        Environment = spec.Environment,
        Network = Granted(spec.Network),
        Preopens = spec.Directories.Select(d => new Preopen(d.HostPath, d.GuestPath, d.ReadOnly)).ToList(),
        Stdio = StandardStreams.OfProcess(readiness),
    };

    private ModuleEntry PrepareModule(GuestSpec spec, Parts parts, WasmEngine engine, WasiState state)
    {
        var module = parts.Add(Code.MapModule(engine, spec.Code.Path));
        var kind = GuestKind.Detect(module, spec.Export);
        if (kind.Refusal is { } refusal)
        {
            throw new GuestException(refusal);
        }

        var arguments = ExportArguments.Parse(module.FindExport(kind.Entry[^1])!, spec.ExportArguments);
        var host = module.Imports.All(WasiOffer.IsPreview1) ? null : Interfaces();
        if (host is not null && module.Imports.Any(import => LoweredModule.IsOffered(import, host)))
        {
            return PrepareLowered(spec, parts, engine, state, host, module, kind, arguments);
        }

        var linker = parts.Add(new ModuleLinker(engine));
        WasiPreview1.Define(linker, guest => (WasiState)guest);
        var store = parts.Add(new WasmStore(engine, Limits(spec), state));
        try
        {
            var linked = parts.Add(linker.Link(module));
            return new ModuleEntry(store, (out end) => linked.Instantiate(store, out end), kind, arguments, print);
        }
        catch (EngineException fault)
        {
            throw new GuestException(MissingImports.Describe(module, linker, store, host) ?? fault.Message, fault);
        }
    }

    // What toolchains made before there were components: a module that imports their interfaces, mostly beside Preview 1.
    private ModuleEntry PrepareLowered(
        GuestSpec spec, Parts parts, WasmEngine engine, WasiState state, HostInterfaces host, CompiledModule module, GuestKind kind, WasmValue[] arguments)
    {
        static void DefinePreview1(ModuleLinker linker) => WasiPreview1.Define(linker, guest => ((HttpGuestState)((ComponentInstance)guest).State).Wasi);

        var plan = LoweredModule.Plan(module, host);
        try
        {
            var linked = parts.Add(new LinkedComponent(engine, plan, host, _ => module, fibers: false, DefinePreview1));
            var instance = parts.Add(new ComponentInstance(linked, State(spec, parts, state), Limits(spec)));
            ModuleInstance? Make(out CallEnd? end) => (end = instance.Instantiate()) is null ? instance.Core(plan.CoreInstances[0]) : null;
            return new ModuleEntry(instance.Store, Make, kind, arguments, print);
        }
        catch (EngineException fault)
        {
            using var linker = new ModuleLinker(engine);
            using var store = new WasmStore(engine, Limits(spec), state);
            DefinePreview1(linker);
            throw new GuestException(MissingImports.Describe(module, linker, store, host) ?? fault.Message, fault);
        }
    }

    private ComponentEntry PrepareComponent(GuestSpec spec, Parts parts, WasmEngine engine, WasiState state)
    {
        var plan = Component.Parse(Code.ReadComponent(spec.Code.Path));
        var kind = GuestKind.Detect(plan, spec.Export);
        if (kind.Refusal is { } refusal)
        {
            throw new GuestException(refusal);
        }

        var host = Interfaces();
        if (MissingImports.Describe(plan, host) is { } missing)
        {
            throw new GuestException(missing);
        }

        var modules = Code.MapModules(engine, plan, spec.Code, parts.Add);
        var linked = parts.Add(new LinkedComponent(engine, plan, host, module => modules[module.Index], fibers: false));
        var function = linked.FindFunction(kind.Entry is [var name, _] ? name : null, kind.Entry[^1])
            ?? throw new GuestException($"{string.Join('#', kind.Entry)} is a function of the host's, which the component only passes on");
        var arguments = ExportArguments.Parse(string.Join('#', kind.Entry), function.Type, spec.ExportArguments);
        return new ComponentEntry(parts.Add(new ComponentInstance(linked, State(spec, parts, state), Limits(spec))), kind, arguments, print);
    }

    private HttpGuestState State(GuestSpec spec, Parts parts, WasiState state) =>
        new(state, new HttpState(parts.Add(new OutgoingClient(Granted(spec.Network), state.Place, time))));

    /// <summary>What components can import, whatever they export. States are <see cref="HttpGuestState"/>.</summary>
    internal static HostInterfaces Interfaces()
    {
        var host = new HostInterfaces();
        WasiPreview2.Define(host, guest => ((HttpGuestState)guest).Wasi);
        WasiHttp.Define(host, guest => ((HttpGuestState)guest).Http);
        return host;
    }

    private static StoreLimits Limits(GuestSpec spec) => new() { MemoryBytes = spec.Limits.MemoryBytes };
}
