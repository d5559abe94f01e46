using Skiff.Components.Host;
using Skiff.Components.Linking;
using Skiff.Components.Types;
using Skiff.Engine;
using CoreFunction = Skiff.Engine.FunctionType;

namespace Skiff.Components.Runtime;

/// <summary>
/// A component bound to an engine, its compiled modules and the host's interfaces: all that every run of it shares. Immutable; any
/// number of threads may make instances of it.
/// </summary>
public sealed class LinkedComponent : IDisposable
{
    private readonly CompiledModule[] _modules;
    private readonly ModuleExport[] _coreExports;
    private readonly CoreTrampoline[] _trampolines;
    private readonly ModuleLinker?[] _linkers;
    private readonly LinkedModule?[] _prelinked;
    private readonly HostBindings _bindings;
    private readonly Action<ModuleLinker>? _core;
    private readonly WaitAnalysis? _waits;
    private readonly LiftedTarget[] _lifted;
    private readonly int[] _destructors;

    /// <param name="loader">The compiled code of a module; whoever loads it disposes it, after this.</param>
    /// <param name="fibers">
    /// Guests run on fibers and are called by the asynchronous methods: a host function that waits suspends its guest. Otherwise it
    /// holds the guest's thread.
    /// </param>
    /// <param name="core">Defines what core modules import by core names (<see cref="LinkerItem"/>); the state it gets is the <see cref="ComponentInstance"/>.</param>
    /// <exception cref="ComponentException">The host does not offer what the component imports.</exception>
    /// <exception cref="EngineException">A compiled module is not what the plan says.</exception>
    public LinkedComponent(
        WasmEngine engine, LinkPlan plan, HostInterfaces host, Func<CoreModule, CompiledModule> loader, bool fibers, Action<ModuleLinker>? core = null)
    {
        (Engine, Plan, Host, Fibers, _core) = (engine, plan, host, fibers, core);
        _bindings = new HostBindings(plan, host);
        _modules = [.. plan.Modules.Select(loader)];
        _coreExports = [.. plan.CoreExports.Select(ExportOf)];
        _waits = fibers ? new WaitAnalysis(plan, function => _bindings[function].Function.Suspends) : null;
        _trampolines = [.. plan.Trampolines.Select(Trampoline)];
        _lifted = [.. plan.LiftedFunctions.Select(function => new LiftedTarget(
            function, Slots.Of(function.Options), Slots.OfFunction(function.Target), Entering(null, function.Instance)))];
        _destructors = [.. plan.GuestResources.Select(resource => Slots.OfFunction(resource.Destructor))];
        _linkers = new ModuleLinker?[plan.CoreInstances.Count];
        _prelinked = new LinkedModule?[plan.CoreInstances.Count];
        Suspends = fibers && (core is not null || _trampolines.Any(trampoline => trampoline.Suspends));
        try
        {
            foreach (var instance in plan.CoreInstances.Where(instance => instance.IsPrelinkable))
            {
                Prelink(instance);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public WasmEngine Engine { get; }

    public LinkPlan Plan { get; }

    /// <summary>Whether guests run on fibers.</summary>
    public bool Fibers { get; }

    /// <summary>Whether guests must be called asynchronously, because a host function may suspend them.</summary>
    public bool Suspends { get; }

    internal HostInterfaces Host { get; }

    internal SlotTable Slots { get; } = new();

    /// <summary>The exported function; null if there is none.</summary>
    /// <param name="instance">
    /// Name of the exported interface; a compatible version serves as well, and of several the first. Null for functions of the root.
    /// </param>
    public LiftedFunction? FindFunction(string? instance, string function)
    {
        if (instance is null)
        {
            return Function(Plan.Exports, function);
        }

        var wanted = InterfaceName.Parse(instance);
        var exported = Plan.Exports.OfType<InstanceExport>();
        var found = exported.FirstOrDefault(export => export.Name == instance)
            ?? exported.FirstOrDefault(export => export.Interface.Serves(wanted));
        return found is null ? null : Function(found.Items, function);
    }

    public void Dispose()
    {
        foreach (var prelinked in _prelinked)
        {
            prelinked?.Dispose();
        }

        foreach (var linker in _linkers)
        {
            linker?.Dispose();
        }
    }

    internal ResourceType Canonical(ResourceType type) => _bindings.Canonical(type);

    internal CompiledModule Module(CoreModule module) => _modules[module.Index];

    internal LinkedModule? Prelinked(CoreInstance instance) => _prelinked[instance.Index];

    internal ModuleExport Export(CoreExport export) => _coreExports[export.Index];

    internal CoreTrampoline Trampoline(int index) => _trampolines[index];

    internal LiftedTarget Lifted(LiftedFunction function) => _lifted[function.Index];

    internal int DestructorSlot(GuestResourceType resource) => _destructors[resource.Index];

    /// <summary>
    /// What a call enters: the callee and what lies around it, but for what lies around the caller as well. Null where that is nothing:
    /// a component may not call itself through its own lifted function (Wasmtime's rule; the specification would allow it).
    /// </summary>
    internal static int[]? Entering(StaticInstance? caller, StaticInstance callee)
    {
        var entered = new List<int>();
        for (var instance = callee; instance is not null; instance = instance.Parent)
        {
            if (caller is null || !instance.IsAncestorOrSelf(caller))
            {
                entered.Add(instance.Index);
            }
        }

        return entered.Count == 0 ? null : [.. entered];
    }

    private static LiftedFunction? Function(IReadOnlyList<PlannedExport> exports, string name) =>
        exports.OfType<FunctionExport>().FirstOrDefault(export => export.Name == name)?.Function as LiftedFunction;

    private ModuleExport ExportOf(CoreExport export) => Module(export.Instance.Module).FindExport(export.Name)
        ?? throw new EngineException($"the compiled code of module {export.Instance.Module.Index} has no export '{export.Name}'");

    private CoreTrampoline Trampoline(Trampoline trampoline)
    {
        var type = SlotTable.Core(trampoline.FunctionType ?? CoreSignature.I32ToNothing);
        var waits = _waits?.MayWait(trampoline) ?? false;
        switch (trampoline)
        {
            case LowerImport { Options.IsAsync: true } or LowerLifted { Options.IsAsync: true } or LowerLifted { Function.Options.IsAsync: true }:
                const string Message = "the component calls an asynchronous function (WASI 0.3), which this version does not run";
                return new CoreTrampoline(type, new UnsupportedTrampoline(Message).Invoke, false);
            case LowerImport lower:
                var (function, index) = _bindings[lower.Function];
                var host = function.Trampoline(lower.Function.Type, index, lower.Instance.Index, Slots.Of(lower.Options));
                return new CoreTrampoline(type, host.Invoke, function.Suspends);
            case LowerLifted lower:
                var guest = new GuestTrampoline(
                    lower.Function.Type,
                    lower.Instance.Index,
                    Slots.Of(lower.Options),
                    lower.Function.Instance.Index,
                    Slots.Of(lower.Function.Options),
                    Slots.OfFunction(lower.Function.Target),
                    Entering(lower.Instance, lower.Function.Instance));
                return new CoreTrampoline(type, waits ? guest.InvokeWaiting : guest.Invoke, waits);
            case ResourceNew resource:
                return new CoreTrampoline(type, new ResourceTrampoline(resource.Resource, resource.Instance.Index).New, false);
            case ResourceRep resource:
                return new CoreTrampoline(type, new ResourceTrampoline(resource.Resource, resource.Instance.Index).Rep, false);
            case ResourceDrop resource:
                var drop = new ResourceTrampoline(Canonical(resource.Resource), resource.Instance.Index);
                return new CoreTrampoline(type, waits ? drop.DropWaiting : drop.Drop, waits);
            case Forward forward:
                var target = new ForwardTrampoline(Slots.OfFunction(forward.Target));
                return new CoreTrampoline(type, waits ? target.InvokeWaiting : target.Invoke, waits);
            case UnsupportedBuiltin builtin:
                return new CoreTrampoline(type, new UnsupportedTrampoline(builtin.Message).Invoke, false);
            default:
                throw new InvalidOperationException($"no runtime for {trampoline}");
        }
    }

    private void Prelink(CoreInstance instance)
    {
        var linker = _linkers[instance.Index] = new ModuleLinker(Engine, Fibers);
        _core?.Invoke(linker);
        var module = instance.Module;
        for (var i = 0; i < module.Imports.Count; i++)
        {
            if (instance.Imports[i] is LinkerItem)
            {
                continue;
            }

            var trampoline = _trampolines[((Trampoline)instance.Imports[i]).Index];
            linker.DefineFunction(
                module.Imports[i].Module, module.Imports[i].Name, trampoline.Type, trampoline.Function, trampoline.Suspends);
        }

        _prelinked[instance.Index] = linker.Link(Module(module));
    }
}

/// <summary>A trampoline as the engine takes it.</summary>
internal sealed record CoreTrampoline(CoreFunction Type, HostFunction Function, bool Suspends);

/// <summary>A lifted function with its slots.</summary>
/// <param name="Entered">Instances that a call of the host enters.</param>
internal sealed record LiftedTarget(LiftedFunction Function, CanonicalOptions Options, int Target, int[]? Entered);
