using Skiff.Components;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Components.Host;
using Skiff.Engine;
using Skiff.Guest;
using Skiff.Http;
using Skiff.Http.Outgoing;
using Skiff.Http.Serving;
using Skiff.Wasi;
using Skiff.Wasi.Preview1;
using Skiff.Wasi.Preview2;

namespace Skiff.Runner;

/// <summary>Maps a core module's compiled code, which the caller does not dispose of.</summary>
/// <param name="path">As in <see cref="CompiledCode"/>.</param>
internal delegate CompiledModule ModuleMapper(string path);

/// <summary>What one run of a guest is given.</summary>
/// <param name="Wasi">The run's, and disposed of after it by whoever made it.</param>
/// <param name="Client">Sends its requests.</param>
/// <param name="Words">See <see cref="GuestSpec.ExportArguments"/>.</param>
/// <param name="Print">Takes the results of a function that was asked for by name, one line at a time.</param>
internal sealed record GuestWorld(WasiState Wasi, OutgoingClient Client, StoreLimits Limits, IReadOnlyList<string> Words, Action<string> Print);

/// <summary>
/// Code that is mapped and bound to what Skiff offers: all that the runs of a guest share. Immutable; any number of runs may be made of
/// it, at once. Dispose it after the last of them.
/// </summary>
internal abstract class LinkedGuest(GuestKind kind, Parts parts) : IDisposable
{
    public GuestKind Kind => kind;

    /// <param name="component">What <see cref="Code.ReadComponent"/> made of it; null for a core module.</param>
    /// <param name="fibers">Its runs are on fibers and hold no thread while they wait; else each holds the thread that enters it.</param>
    /// <exception cref="GuestException">It cannot be run: what it is, or what it imports.</exception>
    /// <exception cref="DamagedCodeException">The code does not load.</exception>
    public static LinkedGuest Link(WasmEngine engine, GuestSpec spec, ParsedComponent? component, bool fibers, ModuleMapper map)
    {
        var parts = new Parts();
        try
        {
            return component is null
                ? OfModule(engine, map(spec.Code.Path), spec.Export, fibers, parts)
                : OfComponent(engine, spec.Code, component, fibers, map, parts);
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

    /// <summary>Makes a run; nothing of the guest's own code runs before it is entered.</summary>
    /// <exception cref="GuestException">The words are no arguments of what is called.</exception>
    public abstract IEntry NewRun(GuestWorld world);

    public void Dispose() => parts.Dispose();

    /// <summary>What components can import, whatever they export. States are <see cref="HttpGuestState"/>.</summary>
    internal static HostInterfaces Interfaces()
    {
        var host = new HostInterfaces();
        WasiPreview2.Define(host, guest => ((HttpGuestState)guest).Wasi);
        WasiHttp.Define(host, guest => ((HttpGuestState)guest).Http);
        return host;
    }

    private static LinkedGuest OfModule(WasmEngine engine, CompiledModule module, string? export, bool fibers, Parts parts)
    {
        var kind = GuestKind.Detect(module, export);
        RefuseUnlessEntered(kind);
        var host = module.Imports.All(WasiOffer.IsPreview1) ? null : Interfaces();
        var lowered = host is not null && module.Imports.Any(import => LoweredModule.IsOffered(import, host));
        var linker = parts.Add(new ModuleLinker(engine, fibers));
        WasiPreview1.Define(linker, guest => guest as WasiState ?? OfLowered(guest));
        try
        {
            return lowered ? Lowered() : new LinkedCoreModule(engine, parts.Add(linker.Link(module)), fibers, kind, parts);
        }
        catch (EngineException fault)
        {
            using var store = new WasmStore(engine);
            throw new GuestException(MissingImports.Describe(module, linker, store, host) ?? fault.Message, fault);
        }

        // What toolchains made before there were components: a module that imports their interfaces, mostly beside Preview 1.
        LinkedLoweredModule Lowered()
        {
            var plan = LoweredModule.Plan(module, host!);
            var linked = parts.Add(new LinkedComponent(engine, plan, host!, _ => module, fibers, core => WasiPreview1.Define(core, OfLowered)));
            return new LinkedLoweredModule(linked, module, kind, parts);
        }
    }

    private static LinkedGuest OfComponent(
        WasmEngine engine, CompiledCode code, ParsedComponent component, bool fibers, ModuleMapper map, Parts parts)
    {
        var (plan, kind) = component;
        if (!fibers || kind.Form != GuestForm.HttpHandler)
        {
            RefuseUnlessEntered(kind);
        }

        var host = Interfaces();
        if (MissingImports.Describe(plan, host) is { } missing)
        {
            throw new GuestException(missing);
        }

        var modules = Code.MapModules(plan, code, map);
        var linked = parts.Add(new LinkedComponent(engine, plan, host, module => modules[module.Index], fibers));
        if (kind.Form == GuestForm.HttpHandler)
        {
            return new LinkedHandler(linked, kind, parts);
        }

        var function = linked.FindFunction(kind.Entry is [var name, _] ? name : null, kind.Entry[^1])
            ?? throw new GuestException($"{string.Join('#', kind.Entry)} is a function of the host's, which the component only passes on");
        return new LinkedCommand(linked, function, kind, parts);
    }

    private static void RefuseUnlessEntered(GuestKind kind)
    {
        if (kind.Refusal is { } refusal)
        {
            throw new GuestException(refusal);
        }
    }

    private static WasiState OfLowered(object guest) => ((HttpGuestState)((ComponentInstance)guest).State).Wasi;
}

/// <summary>A core module that imports Preview 1, or nothing.</summary>
internal sealed class LinkedCoreModule(WasmEngine engine, LinkedModule linked, bool fibers, GuestKind kind, Parts parts) : LinkedGuest(kind, parts)
{
    public override IEntry NewRun(GuestWorld world)
    {
        var arguments = ExportArguments.Parse(linked.Module.FindExport(Kind.Entry[^1])!, world.Words);
        var store = new WasmStore(engine, world.Limits, world.Wasi);
        return new ModuleEntry(store, store, Make, fibers, Kind, arguments, world.Print);

        ValueTask<Instantiation> Make() =>
            fibers ? linked.InstantiateAsync(store) : new ValueTask<Instantiation>(new Instantiation(linked.Instantiate(store, out var end), end));
    }
}

/// <summary>A core module that imports interfaces of components, lowered.</summary>
internal sealed class LinkedLoweredModule(LinkedComponent linked, CompiledModule module, GuestKind kind, Parts parts) : LinkedGuest(kind, parts)
{
    public override IEntry NewRun(GuestWorld world)
    {
        var arguments = ExportArguments.Parse(module.FindExport(Kind.Entry[^1])!, world.Words);
        var instance = new ComponentInstance(linked, new HttpGuestState(world.Wasi, new HttpState(world.Client)), world.Limits);
        return new ModuleEntry(instance, instance.Store, MakeAsync, linked.Fibers, Kind, arguments, world.Print);

        async ValueTask<Instantiation> MakeAsync()
        {
            var end = await instance.InstantiateAsync().ConfigureAwait(false);
            return new Instantiation(end is null ? instance.Core(linked.Plan.CoreInstances[0]) : null, end);
        }
    }
}

/// <summary>A component of which one function is called: <c>wasi:cli/run</c>, or the one that was asked for.</summary>
internal sealed class LinkedCommand(LinkedComponent linked, LiftedFunction function, GuestKind kind, Parts parts) : LinkedGuest(kind, parts)
{
    public override IEntry NewRun(GuestWorld world)
    {
        var arguments = ExportArguments.Parse(string.Join('#', Kind.Entry), function.Type, world.Words);
        var instance = new ComponentInstance(linked, new HttpGuestState(world.Wasi, new HttpState(world.Client)), world.Limits);
        return new ComponentEntry(instance, function, Kind, arguments, world.Print);
    }
}

/// <summary>A component that answers requests.</summary>
internal sealed class LinkedHandler(LinkedComponent linked, GuestKind kind, Parts parts) : LinkedGuest(kind, parts)
{
    public LinkedComponent Component => linked;

    public override IEntry NewRun(GuestWorld world) => throw new GuestException(Kind.Refusal!);
}
