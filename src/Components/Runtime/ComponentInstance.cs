using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Skiff.Components.Linking;
using Skiff.Components.Types;
using Skiff.Engine;

namespace Skiff.Components.Runtime;

/// <summary>
/// One run of a component: a store and everything in it. Used by one thread at a time. After its first trap or exit it is dead, as a
/// whole: every later call ends the same way.
/// </summary>
public sealed class ComponentInstance : IDisposable
{
    private readonly LinkedComponent _linked;
    private readonly ModuleInstance?[] _coreInstances;
    private readonly GuestFunction?[] _functions;
    private MemorySlot[]? _memories;
    private InstanceState?[] _states;
    private object?[]? _implementations;
    private ComponentFunction?[]? _exports;
    private CallEnd? _end;

    // How many component instances may not call out at the moment, nearly always none.
    private int _closed;

    /// <summary>Makes the store; <see cref="Instantiate"/> or <see cref="InstantiateAsync"/> follows.</summary>
    /// <param name="state">What the host keeps for this guest: the implementations of its interfaces are found from it.</param>
    public ComponentInstance(LinkedComponent linked, object state, StoreLimits? limits = null)
    {
        _linked = linked;
        State = state;
        _coreInstances = new ModuleInstance?[linked.Plan.CoreInstances.Count];
        _functions = new GuestFunction?[linked.Slots.FunctionCount];
        _states = new InstanceState?[linked.Plan.Instances.Count];
        Store = new WasmStore(linked.Engine, limits, this);
    }

    public LinkedComponent Linked => _linked;

    /// <summary>What the host keeps for this guest.</summary>
    public object State { get; }

    /// <summary>For limits and to stop the guest. Its own state is this object.</summary>
    public WasmStore Store { get; }

    /// <summary>How the guest ended; null while it lives.</summary>
    public CallEnd? End => _end ?? Store.End;

    /// <summary>Makes the core instances, which runs their start functions.</summary>
    /// <returns>Null, or how one of them ended the guest.</returns>
    public CallEnd? Instantiate()
    {
        foreach (var core in _linked.Plan.CoreInstances)
        {
            if (!core.IsLazy && Make(core) is { } end)
            {
                return end;
            }
        }

        return null;
    }

    /// <summary>As <see cref="Instantiate"/>, for guests that run on fibers.</summary>
    public async ValueTask<CallEnd?> InstantiateAsync(CancellationToken cancellation = default)
    {
        // On a fiber also where nothing suspends it: a start function may take its time, and others want the thread.
        if (!_linked.Fibers)
        {
            return Instantiate();
        }

        foreach (var core in _linked.Plan.CoreInstances)
        {
            if (core.IsLazy)
            {
                continue;
            }

            var made = _linked.Prelinked(core) is { } prelinked
                ? await prelinked.InstantiateAsync(Store, cancellation).ConfigureAwait(false)
                : await ModuleInstance.InstantiateAsync(Store, _linked.Module(core.Module), Imports(core), cancellation).ConfigureAwait(false);
            if (made.End is not null)
            {
                return Ended(made.End);
            }

            _coreInstances[core.Index] = made.Instance;
        }

        return null;
    }

    /// <summary>An exported function; null if there is none (see <see cref="LinkedComponent.FindFunction"/>).</summary>
    public ComponentFunction? FindFunction(string? instance, string function) =>
        _linked.FindFunction(instance, function) is { } found ? Function(found) : null;

    /// <summary>A function of this component's plan, to be called in this instance.</summary>
    public ComponentFunction Function(LiftedFunction function)
    {
        var exports = _exports ??= new ComponentFunction?[_linked.Plan.LiftedFunctions.Count];
        return exports[function.Index] ??= new ComponentFunction(this, _linked.Lifted(function));
    }

    /// <summary>What was made of a core instance of the plan; null before <see cref="Instantiate"/>, and of one that is made when it is needed.</summary>
    public ModuleInstance? Core(CoreInstance core) => _coreInstances[core.Index];

    /// <summary>Drops a guest's resource that the host owns: runs its destructor.</summary>
    /// <exception cref="GuestTrapException">The destructor trapped; the guest is dead.</exception>
    public void Drop(Abi.ComponentResource resource)
    {
        if (!resource.IsOwn)
        {
            throw new ArgumentException($"the host does not own the {resource.Type}", nameof(resource));
        }

        resource.GiveAway();
        Destroy(resource.Type, resource.Host, resource.Representation, null);
    }

    /// <summary>Deletes all that the guest is, and disposes the host's objects that it still owned.</summary>
    /// <exception cref="InvalidOperationException">The guest still runs: stop it and await its call first.</exception>
    /// <exception cref="AggregateException">Some objects could not be disposed of; all others were.</exception>
    public void Dispose()
    {
        // Refuses while the guest runs, and then nothing has been taken from it.
        Store.Dispose();
        List<Exception>? faults = null;
        foreach (var state in Interlocked.Exchange(ref _states, []))
        {
            state?.Handles.Dispose(ref faults);
        }

        if (faults is not null)
        {
            throw new AggregateException("resources of a guest could not be disposed of", faults);
        }
    }

    internal static ComponentInstance Of(ref HostCall call) => (ComponentInstance)call.State!;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal object Implementation(int index) =>
        _implementations is { } known && known[index] is { } found ? found : FindImplementation(index);

    internal ResourceType Canonical(ResourceType type) => _linked.Canonical(type);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal InstanceState StateOf(int index) => _states[index] ?? NewState(index);

    /// <summary>Whether a component instance may call out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void CheckLeaving(int index)
    {
        if (_closed != 0)
        {
            CheckEach(index);
        }

        // Out of the way of each call.
        [MethodImpl(MethodImplOptions.NoInlining)]
        void CheckEach(int index) => Leaving(index);
    }

    /// <summary>A component instance that calls out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal InstanceState Leaving(int index)
    {
        var state = StateOf(index);
        if (!state.MayLeave)
        {
            Violation.CannotLeave();
        }

        return state;
    }

    /// <param name="entered">See <see cref="LinkedComponent.Entering"/>.</param>
    internal void Enter(int[]? entered)
    {
        if (entered is null)
        {
            Violation.CannotEnter();
        }

        foreach (var index in entered)
        {
            if (StateOf(index).IsEntered)
            {
                Violation.CannotEnter();
            }
        }

        foreach (var index in entered)
        {
            StateOf(index).IsEntered = true;
        }
    }

    internal void Leave(int[]? entered)
    {
        foreach (var index in entered!)
        {
            StateOf(index).IsEntered = false;
        }
    }

    internal GuestMemory Memory(int slot) => MemoryAt(slot).Memory;

    /// <summary>What is known of a memory without asking the engine; empty if nothing is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Span<byte> SeenMemory(int slot) =>
        _memories is { } memories && (uint)slot < (uint)memories.Length ? memories[slot].Memory.Seen : default;

    /// <summary>A memory as it is now.</summary>
    /// <param name="length">Bytes of all of it.</param>
    internal Span<byte> LookAtMemory(int slot, out ulong length) => MemoryAt(slot).Look(out length);

    internal GuestFunction CoreFunction(int slot) => _functions[slot] ?? FindCoreFunction(slot);

    /// <summary>
    /// Does something on a fiber that calls guest functions and waits for nothing: the store lets nobody call them elsewhere.
    /// </summary>
    internal async ValueTask OnFiberAsync(Action action, CancellationToken cancellation)
    {
        Exception? fault = null;
        var function = Store.CreateFunction(Skiff.Engine.FunctionType.Empty, (ref call) =>
        {
            try
            {
                action();
            }
            catch (Exception refused) when (refused is ArgumentException or InvalidCastException)
            {
                // The host's own fault, which the guest does not pay for.
                fault = refused;
            }
        }).AsFunction(Skiff.Engine.FunctionType.Empty)!;
        if (await function.CallAsync(Memory<RawValue>.Empty, cancellation).ConfigureAwait(false) is { } end)
        {
            end.Throw();
        }

        if (fault is not null)
        {
            ExceptionDispatchInfo.Throw(fault);
        }
    }

    /// <summary>Runs a core function from within a call of the guest's.</summary>
    /// <exception cref="GuestTrapException">It trapped; this carries the trap on through the caller.</exception>
    internal void Run(int slot, Span<RawValue> values)
    {
        if (CoreFunction(slot).Call(values) is { } end)
        {
            end.Throw();
        }
    }

    internal uint Reallocate(InstanceState owner, CanonicalOptions options, uint address, uint size, uint alignment, uint newSize)
    {
        Span<RawValue> values = [address, size, alignment, newSize];
        var mayLeave = owner.MayLeave;
        Close(owner);
        Run(options.Realloc, values);
        Open(owner, mayLeave);
        return values[0].U32;
    }

    /// <summary>Begins a part in which a component instance may not call out. A trap in it leaves it closed: the guest is dead.</summary>
    internal void Close(InstanceState owner)
    {
        owner.MayLeave = false;
        _closed++;
    }

    internal void Open(InstanceState owner, bool mayLeave)
    {
        owner.MayLeave = mayLeave;
        _closed--;
    }

    /// <param name="values">What the function returned.</param>
    internal void PostReturn(InstanceState owner, CanonicalOptions options, Span<RawValue> values)
    {
        if (options.PostReturn < 0)
        {
            return;
        }

        Close(owner);
        Run(options.PostReturn, values);
        Open(owner, mayLeave: true);
    }

    /// <summary>The end of an owned resource (CanonicalABI.md, <c>canon resource.drop</c>).</summary>
    /// <param name="caller">The component instance that drops it; null for the host.</param>
    internal void Destroy(ResourceType type, object? host, uint representation, InstanceState? caller)
    {
        if (FindDestructor(type, host) is not { } slot)
        {
            return;
        }

        Span<RawValue> values = [representation];
        var entered = EnterDestructor((GuestResourceType)type, caller);
        Run(slot, values);
        LeaveDestructor(entered);
    }

    /// <summary>Slot of the destructor; null when there is none, and what the host has to dispose of is disposed of.</summary>
    internal int? FindDestructor(ResourceType type, object? host)
    {
        if (type is GuestResourceType guest)
        {
            return _linked.DestructorSlot(guest) is >= 0 and var slot ? slot : null;
        }

        (host as IDisposable)?.Dispose();
        return null;
    }

    /// <summary>What a destructor's call enters: nothing where the instance that defines the resource drops it. <see cref="LeaveDestructor"/> takes it.</summary>
    internal int[]? EnterDestructor(GuestResourceType type, InstanceState? caller)
    {
        if (caller?.Index == type.DefiningInstance.Index)
        {
            return null;
        }

        var entered = LinkedComponent.Entering(caller is null ? null : _linked.Plan.Instances[caller.Index], type.DefiningInstance);
        Enter(entered);
        return entered;
    }

    internal void LeaveDestructor(int[]? entered)
    {
        if (entered is not null)
        {
            Leave(entered);
        }
    }

    /// <summary>Remembers how the guest ended; the first end counts.</summary>
    internal CallEnd Ended(CallEnd end) => _end ??= Store.End ?? end;

    private object FindImplementation(int index)
    {
        var implementations = _implementations ??= new object?[_linked.Host.Count];
        return implementations[index] = _linked.Host.Implementation(index, State);
    }

    private InstanceState NewState(int index) => _states[index] = new InstanceState(index);

    private CallEnd? Make(CoreInstance core)
    {
        var instance = _linked.Prelinked(core) is { } prelinked
            ? prelinked.Instantiate(Store, out var end)
            : ModuleInstance.Instantiate(Store, _linked.Module(core.Module), Imports(core), out end);
        _coreInstances[core.Index] = instance;
        return end is null ? null : Ended(end);
    }

    private Extern[] Imports(CoreInstance core)
    {
        var imports = new Extern[core.Imports.Count];
        for (var i = 0; i < imports.Length; i++)
        {
            imports[i] = Extern(core.Imports[i]);
        }

        return imports;
    }

    private Extern Extern(CoreItem item)
    {
        if (item is Trampoline trampoline)
        {
            var core = _linked.Trampoline(trampoline.Index);
            return Store.CreateFunction(core.Type, core.Function, core.Suspends && _linked.Fibers);
        }

        var export = (CoreExport)item;
        if (_coreInstances[export.Instance.Index] is null)
        {
            // Wasmtime has an empty table slot here: the component calls what it has not made yet.
            if (!export.Instance.IsLazy)
            {
                throw new GuestTrapException($"uninitialized element: {export} is used before that instance is made");
            }

            if (Make(export.Instance) is { } end)
            {
                end.Throw();
            }
        }

        return _coreInstances[export.Instance.Index]!.Get(_linked.Export(export));
    }

    private ref SeenMemory MemoryAt(int slot)
    {
        var memories = _memories ??= new MemorySlot[_linked.Slots.MemoryCount];
        ref var memory = ref memories[slot];
        if (!memory.IsKnown)
        {
            // The linker has found that it has 32-bit addresses.
            memory.Memory = new SeenMemory(Extern(_linked.Slots.Memory(slot)).AsMemory()
                ?? throw new GuestTrapException("the memory that the component's options name is not one"));
            memory.IsKnown = true;
        }

        return ref memory.Memory;
    }

    private GuestFunction FindCoreFunction(int slot)
    {
        var (item, type) = _linked.Slots.Function(slot);
        return _functions[slot] = Extern(item).AsFunction(type)
            ?? throw new GuestTrapException("the function that the component's options name is not one");
    }

    private struct MemorySlot
    {
        public SeenMemory Memory;
        public bool IsKnown;
    }
}
