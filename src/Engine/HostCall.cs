using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Skiff.Engine;

/// <summary>One call of a host function by a guest. Parameters are read from the slots that results are then written to.</summary>
public unsafe ref struct HostCall
{
    // Small on purpose: it is made for each call, and what the collector must know of it is written twice.
    private readonly HostBinding _binding;
    private readonly nint _caller;
    private readonly RawValue* _values;
    private readonly nuint _count;

    /// <param name="values">Stay where they are while the function runs.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal HostCall(HostBinding binding, nint caller, WasmStore store, RawValue* values, nuint count)
    {
        _binding = binding;
        _caller = caller;
        _values = values;
        _count = count;
        Store = store;
    }

    /// <summary>The slots: as many as the function has parameters or results, whichever are more.</summary>
    public readonly Span<RawValue> Values
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => MemoryMarshal.CreateSpan(ref *_values, (int)_count);
    }

    /// <summary>The store of the calling guest.</summary>
    public WasmStore Store { get; }

    /// <summary>What its owner attached to the store.</summary>
    public readonly object? State => Store.State;

    /// <summary>What the function left to wait for: set only where the fiber is going to be suspended.</summary>
    internal Pause? Pause { readonly get; private set; }

    public readonly int I32(int index) => Values[index].I32;

    public readonly uint U32(int index) => Values[index].U32;

    public readonly long I64(int index) => Values[index].I64;

    public readonly ulong U64(int index) => Values[index].U64;

    public readonly float F32(int index) => Values[index].F32;

    public readonly double F64(int index) => Values[index].F64;

    public readonly void Return(int value) => Values[0].I32 = value;

    public readonly void Return(uint value) => Values[0].U32 = value;

    public readonly void Return(long value) => Values[0].I64 = value;

    public readonly void Return(ulong value) => Values[0].U64 = value;

    public readonly void Return(float value) => Values[0].F32 = value;

    public readonly void Return(double value) => Values[0].F64 = value;

    /// <summary>The linear memory that the calling module exports as "memory".</summary>
    /// <exception cref="GuestTrapException">It exports none.</exception>
    public readonly GuestMemory Memory() => Store.MemoryOfCaller(_binding, _caller);

    /// <summary>
    /// Waits for <paramref name="task"/> and then runs <paramref name="complete"/>; must be the last thing the host function does.
    /// A task that is done is completed at once. Else a guest on a fiber is suspended, provided that the function was defined to
    /// suspend and the guest was not entered by another host function; everywhere else the thread waits. The wait ends early when
    /// the store is stopped. A fault of the task is a fault of the host function.
    /// </summary>
    public void Await<T>(ValueTask<T> task, HostCompletion<T> complete) =>
        Await(task, complete, static (ref HostCall call, T result, HostCompletion<T> then) => then(ref call, result));

    /// <inheritdoc cref="Await{T}(ValueTask{T}, HostCompletion{T})"/>
    /// <param name="state">Handed to <paramref name="complete"/>, which can then be a static lambda.</param>
    public void Await<T, TState>(ValueTask<T> task, TState state, HostCompletion<T, TState> complete)
    {
        ArgumentNullException.ThrowIfNull(complete);
        Debug.Assert(Pause is null, "a host function waits once at a time");
        if (task.IsCompleted)
        {
            complete(ref this, task.GetAwaiter().GetResult(), state);
            return;
        }

        var suspension = new Suspension<T, TState>(Store, task, state, complete);
        if (_binding.Suspends && Store.CanSuspend)
        {
            Pause = suspension;
            return;
        }

        suspension.Block();
        suspension.Complete(ref this);
    }

    /// <summary>
    /// Calls a guest function and then runs <paramref name="complete"/>; must be the last thing the host function does. In a function that
    /// was defined to suspend, the guest function may wait without holding the thread: it has a fiber of its own, and the caller's is
    /// suspended with it. Half a microsecond there; elsewhere it is <see cref="GuestFunction.Call"/>.
    /// </summary>
    /// <param name="values">As in <see cref="GuestFunction.Call"/>; overwritten or not.</param>
    /// <param name="state">Handed to <paramref name="complete"/>, which can then be a static lambda.</param>
    /// <exception cref="GuestTrapException">The function ended otherwise than by returning; <paramref name="complete"/> is not run.</exception>
    /// <exception cref="GuestExitException">As above.</exception>
    public void Call<TState>(GuestFunction function, scoped Span<RawValue> values, TState state, GuestCompletion<TState> complete)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(complete);
        Debug.Assert(Pause is null, "a host function waits once at a time");
        if (!_binding.Suspends || !Store.CanSuspend)
        {
            if (function.Call(values) is { } end)
            {
                end.Throw();
            }

            complete(ref this, values, state);
            return;
        }

        var nested = new NestedCall<TState>(Store, function, function.Begin(values), state, complete);
        if (nested.Run())
        {
            nested.Complete(ref this);
        }
        else
        {
            Pause = nested;
        }
    }
}

/// <summary>What a host function was defined as: the engine keeps it as the data of the callback.</summary>
/// <param name="linker">Null for a function that belongs to one store.</param>
/// <param name="suspends">Whether the engine calls it as one that may suspend the fiber.</param>
internal sealed class HostBinding(HostFunction function, ModuleLinker? linker, FunctionType type, bool suspends)
{
    // What each call needs, nearest.
    public readonly HostFunction Function = function;

    public ModuleLinker? Linker => linker;

    public FunctionType Type => type;

    public bool Suspends => suspends;
}
