using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// Everything one guest makes: instances, memories, tables. Run by one thread at a time, deleted as a whole. After the first trap,
/// exit or stop it is dead: whatever is called in it afterwards ends as the first call did. Dispose it: it keeps itself alive.
/// </summary>
public sealed unsafe class WasmStore : IDisposable
{
    // Whose guest this thread runs at the moment: every call of the engine that may run guest code lies between Enter… and Leave….
    // The engine itself tells the store of a host call only by two calls and a handle.
    [ThreadStatic]
    private static WasmStore? _onThread;

    private readonly MemoryBudget _budget;
    private CancellationTokenSource? _stopping;
    private volatile string? _stopReason;
    private volatile Suspension? _waiting;
    private Exception? _fault;
    private GuestMemory? _callerMemory;
    private ModuleLinker? _callerLinker;
    private ModuleLinker? _firstLinker;
    private bool _linkerTwice;
    private CpuMeter? _meter;
    private Pause? _pause;

    // The innermost call whose fiber runs; null for the one that the host began.
    private NestedCall? _running;

    /// <param name="state">What host functions of this guest find as <see cref="HostCall.State"/>.</param>
    public WasmStore(WasmEngine engine, StoreLimits? limits = null, object? state = null)
    {
        Engine = engine;
        State = state;
        var self = GCHandle.Alloc(this);
        Self = GCHandle.ToIntPtr(self);
        // The native store owns the handle from here on: its finalizer frees it.
        Handle = new StoreHandle(StoreApi.wasmtime_store_new(engine.Handle, Self, &FreeSelf));
        Context = StoreApi.wasmtime_store_context(Handle);
        StoreApi.wasmtime_store_epoch_deadline_callback(Handle, &EpochCallback.Reached, Self, null);
        StoreApi.wasmtime_context_set_epoch_deadline(Context, 1);
        _budget = new MemoryBudget(this, limits ?? StoreLimits.None);
        Turn = limits?.Turn;
        if (limits?.Cpu is { } quota)
        {
            _meter = new CpuMeter(quota);
            engine.Ticker.Start();
        }
    }

    public WasmEngine Engine { get; }

    public object? State { get; }

    /// <summary>Cancelled by <see cref="Stop"/>: what the guest waits for should end with it.</summary>
    public CancellationToken Stopped
    {
        get
        {
            if (_stopping is null)
            {
                Interlocked.CompareExchange(ref _stopping, new CancellationTokenSource(), null);
                if (_stopReason is not null)
                {
                    _stopping.Cancel();
                }
            }

            return _stopping.Token;
        }
    }

    /// <summary>What <see cref="Stop"/> was called with; null before.</summary>
    public string? StopReason => _stopReason;

    /// <summary>How the guest ended; null while it lives.</summary>
    public CallEnd? End { get; private set; }

    /// <summary>
    /// Called with <see cref="State"/> each time a guest on a fiber has left its thread, to wait or because a tick is over, and before it
    /// goes on: the place to pass on what it has written so far. Must not throw.
    /// </summary>
    public Action<object?>? Paused { get; set; }

    /// <summary>
    /// CPU time that the guest has used in the calls that have ended or paused; zero without <see cref="StoreLimits.Cpu"/> and
    /// <see cref="MeasureCpu"/>, which make it be measured.
    /// </summary>
    public TimeSpan CpuTime => _meter?.Used ?? TimeSpan.Zero;

    internal StoreHandle Handle { get; }

    internal nint Context { get; }

    /// <summary>This object as the data of native callbacks.</summary>
    internal nint Self { get; }

    /// <summary>The call that runs on a fiber; null when none does.</summary>
    internal FiberFuture? Fiber { get; private set; }

    /// <summary>Why the host function that the running fiber is in has not ended; null when it is in none, or it has.</summary>
    internal Pause? Pause
    {
        get => _running is null ? _pause : _running.Inner;
        set
        {
            if (_running is null)
            {
                _pause = value;
            }
            else
            {
                _running.Inner = value;
            }
        }
    }

    /// <summary>How many calls of guest functions are under way on the stack, the one that began the fiber not counted.</summary>
    internal int Nested { get; set; }

    /// <summary>Set once something was bound that can run on a fiber only: the engine panics when it is called elsewhere.</summary>
    internal bool NeedsFiber { get; set; }

    /// <summary>Whether the engine polls an asynchronous host function of this store, with nothing of the guest's on top of it.</summary>
    internal bool InAsyncCallback { get; set; }

    /// <summary>Whether no managed frame lies on the guest's stack once the callback that asks has returned.</summary>
    internal bool CanSuspend => Fiber is not null && Nested == 0;

    internal MemoryBudget Budget => _budget;

    /// <summary>See <see cref="StoreLimits.Turn"/>.</summary>
    internal IStoreTurn? Turn { get; }

    /// <summary>The store whose guest calls the host function that asks.</summary>
    internal static WasmStore OnThread
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _onThread!;
    }

    /// <summary>Has the guest's CPU time measured, which costs two system calls each time it begins to run. Before its first call.</summary>
    public void MeasureCpu() => _meter ??= new CpuMeter(null);

    /// <summary>
    /// CPU time of the guest up to now, in nanoseconds: of the threads while they run it, its host functions included. From within a host
    /// function. Where nobody asked for it to be measured, it begins at the first question.
    /// </summary>
    public long CpuNanoseconds()
    {
        if (_meter is null)
        {
            _meter = new CpuMeter(null);
            _meter.Begin();
        }

        return _meter.Now();
    }

    /// <summary>
    /// Ends the guest by a trap with this message: a running one within two ticks of 10 ms, a waiting one at once. From any thread,
    /// at any time; the first reason counts.
    /// </summary>
    public void Stop(string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        if (Interlocked.CompareExchange(ref _stopReason, reason, null) is not null)
        {
            return;
        }

        _waiting?.Wake();
        _ = _stopping?.CancelAsync();
        Engine.Ticker.Kick();
    }

    /// <summary>A host function of this store alone, to be given to <see cref="ModuleInstance.Instantiate"/>.</summary>
    /// <param name="suspends">It waits: on a fiber, the fiber is suspended meanwhile.</param>
    public Extern CreateFunction(FunctionType type, HostFunction function, bool suspends = false)
    {
        if (suspends)
        {
            // The C API makes asynchronous functions by a linker only.
            using var linker = new ModuleLinker(Engine, fibers: true);
            linker.DefineFunction("", "", type, function, suspends: true, ofStore: true);
            return linker.Find(this, "", "")!.Value;
        }

        var native = type.ToNative();
        wasmtime_extern_t item = new() { kind = wasmtime_extern_t.Func };
        StoreApi.wasmtime_func_new_unchecked(
            Context,
            native,
            &HostCallbacks.Invoke,
            HostCallbacks.NewData(new HostBinding(function, null, type, suspends: false)),
            &HostCallbacks.Release,
            &item.func);
        ModuleApi.wasm_functype_delete(native);
        return new Extern(this, item);
    }

    /// <summary>Deletes all that the guest made. Not while it runs or waits: stop it and let its call end first.</summary>
    public void Dispose()
    {
        if (Fiber is not null || Nested > 0)
        {
            throw new InvalidOperationException("a store is disposed of while its guest runs: stop it and await its call first");
        }

        Handle.Dispose();
        _budget.Dispose();
    }

    // On the way of every host call: the handle was made in the constructor, so the type is known.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static WasmStore FromSelf(nint self) => Unsafe.As<WasmStore>(GCHandle.FromIntPtr(self).Target!);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static WasmStore OfCaller(nint caller) =>
        FromSelf(StoreApi.wasmtime_context_get_data(ModuleApi.wasmtime_caller_context(caller)));

    /// <summary>Why nothing can be called in this store any more; null when it can.</summary>
    internal CallEnd? Dead()
    {
        if (End is null && _stopReason is { } reason)
        {
            End = new CallEnd(null, new Trap(reason, true, []));
        }

        return End;
    }

    /// <summary>Ends the guest before it does something.</summary>
    internal CallEnd Refuse(string reason) => End ??= new CallEnd(null, new Trap(reason, false, []));

    internal void ThrowIfBusy()
    {
        if (Fiber is not null || Nested > 0)
        {
            throw new InvalidOperationException("a store runs one call at a time; from within a host function, call synchronously");
        }
    }

    internal void BeginFiber(FiberFuture future) => Fiber = future;

    /// <summary>The fiber, and all that it called on others, is over or to be unwound.</summary>
    internal void EndFiber()
    {
        (_pause as NestedCall)?.Dispose();
        _pause = null;
        Fiber!.Dispose();
        Fiber = null;
    }

    /// <summary>A call's own fiber goes on, from within a host function; answers what <see cref="LeaveFiber"/> takes.</summary>
    internal (NestedCall? Running, bool InAsyncCallback) EnterFiber(NestedCall call)
    {
        var outer = (_running, InAsyncCallback);
        _running = call;
        InAsyncCallback = false;
        return outer;
    }

    internal void LeaveFiber((NestedCall? Running, bool InAsyncCallback) outer) => (_running, InAsyncCallback) = outer;

    /// <summary>What the guest waits for, wherever in it; null when a tick has ended its turn.</summary>
    internal Suspension? FindSuspension()
    {
        var pause = _pause;
        while (pause is NestedCall call)
        {
            pause = call.Inner;
        }

        return pause as Suspension;
    }

    /// <summary>The guest is about to run on this thread; answers what <see cref="LeaveThread"/> takes.</summary>
    internal WasmStore? EnterThread()
    {
        var outer = _onThread;
        _onThread = this;
        return outer;
    }

    internal static void LeaveThread(WasmStore? outer) => _onThread = outer;

    /// <summary>A call begins on this stack, which may be the fiber's; answers what <see cref="LeaveSync"/> takes.</summary>
    internal WasmStore? EnterSync()
    {
        if (Fiber is null && Nested == 0)
        {
            if (NeedsFiber)
            {
                throw new InvalidOperationException("the guest's imports suspend its fiber, and this call has none: call it asynchronously");
            }

            _meter?.Begin();
            if (_meter?.Quota is not null)
            {
                Engine.Ticker.Enter();
            }
        }

        Nested++;
        return EnterThread();
    }

    /// <summary>A call on a fiber of its own begins within a host function; answers what <see cref="LeaveNested"/> takes.</summary>
    internal bool EnterNested()
    {
        var outer = InAsyncCallback;
        InAsyncCallback = false;
        Nested++;
        return outer;
    }

    internal void LeaveNested(bool outer)
    {
        Nested--;
        InAsyncCallback = outer;
    }

    internal void LeaveSync(WasmStore? outer)
    {
        LeaveThread(outer);
        Nested--;
        if (Fiber is null && Nested == 0 && _meter is not null)
        {
            if (_meter.Quota is not null)
            {
                Engine.Ticker.Leave();
            }

            _meter.End();
        }
    }

    /// <summary>Remembers what a host function threw: the first is the cause of all that follows.</summary>
    internal void Faulted(Exception fault) => _fault ??= fault;

    /// <summary>Whom <see cref="Stop"/> is to wake.</summary>
    internal void Waits(Suspension? suspension)
    {
        _waiting = suspension;
        // Either Stop sees the field, or this sees the reason.
        Interlocked.MemoryBarrier();
        if (_stopReason is not null)
        {
            suspension?.Wake();
        }
    }

    /// <summary>Takes over how the engine says that a call ended, and tells how it really did.</summary>
    internal CallEnd Ended(nint error, nint trap) => Ended(error, trap, static _ => false)!;

    /// <summary>As the other, unless <paramref name="unless"/> takes the message for none of the guest's faults; then null.</summary>
    internal CallEnd? Ended(nint error, nint trap, Func<string, bool> unless)
    {
        Debug.Assert(error != 0 || trap != 0, "one of both");
        var seen = error != 0 ? CallEnd.FromError(error) : CallEnd.FromTrap(trap);
        var frames = seen.Trap?.Backtrace ?? [];
        if (_fault is null && End is null && seen.Trap is { } trapped && unless(trapped.Message))
        {
            return null;
        }

        if (End is { } first)
        {
            // An inner call ended before, with the frames of all calls around it.
            return first;
        }

        var interrupted = _stopReason is { } reason
            && (_fault is OperationCanceledException || _fault?.Message == reason || (_fault is null && seen.Trap is { Interrupted: true }));
        End = interrupted ? new CallEnd(null, new Trap(_stopReason!, true, frames)) : Cause(frames) ?? seen;
        return End;
    }

    internal GuestMemory MemoryOfCaller(HostBinding binding, nint caller)
    {
        // Which instance calls, the engine does not say. One instance for all functions of the linker: then it is known.
        if (binding.Linker is not null && ReferenceEquals(binding.Linker, _callerLinker))
        {
            return _callerMemory!.Value;
        }

        wasmtime_extern_t item;
        fixed (byte* name = "memory"u8)
        {
            if (ModuleApi.wasmtime_caller_export_get(caller, name, 6, &item) == 0)
            {
                throw new GuestTrapException("the calling module exports no memory");
            }
        }

        if (item.kind != wasmtime_extern_t.Memory)
        {
            ModuleApi.wasmtime_extern_delete(&item);
            throw new GuestTrapException("the calling module's export \"memory\" is not a memory of its own");
        }

        var memory = new GuestMemory(Context, item.memory);
        if (binding.Linker is not null && !_linkerTwice)
        {
            (_callerLinker, _callerMemory) = (binding.Linker, memory);
        }

        return memory;
    }

    /// <summary>Counts the instances whose imports <paramref name="linker"/> bound.</summary>
    internal void Instantiates(ModuleLinker linker)
    {
        if (_firstLinker is null)
        {
            _firstLinker = linker;
        }
        else
        {
            // Rare enough not to keep a list: from the second instance on, memories are looked up at each call.
            _linkerTwice = true;
            _callerLinker = null;
        }
    }

    internal CpuMeter? Meter => _meter;

    private CallEnd? Cause(IReadOnlyList<WasmFrame> frames) => _fault switch
    {
        null => null,
        GuestExitException exit => new CallEnd(exit.Status, null),
        GuestTrapException trap => new CallEnd(null, new Trap(trap.Message, false, frames)),
        { } other => new CallEnd(null, new Trap($"host function failed: {other.GetType().Name}: {other.Message}", false, frames)),
    };

    [UnmanagedCallersOnly]
    private static void FreeSelf(nint self) => GCHandle.FromIntPtr(self).Free();
}
