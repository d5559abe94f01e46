using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// Where the engine calls us. An exception that left one of these would end the process, so each becomes a trap, and the store keeps
/// the first. Asynchronous callbacks run on the fiber; when they return, no managed frame is left on it: only then does it suspend,
/// because neither the garbage collector nor another thread could make sense of such a frame.
/// </summary>
internal static unsafe class HostCallbacks
{
    // Functions of WASI and of the component model's flat signatures have 17 values at most.
    private const int ValuesOnStack = 32;

    private const byte Pending = 0;
    private const byte Ready = 1;

    public static nint NewData(HostBinding binding) => GCHandle<HostBinding>.ToIntPtr(new GCHandle<HostBinding>(binding));

    [UnmanagedCallersOnly]
    public static void Release(nint data) => GCHandle<HostBinding>.FromIntPtr(data).Dispose();

    [UnmanagedCallersOnly]
    public static nint Invoke(nint data, nint caller, RawValue* values, nuint count)
    {
        try
        {
            var binding = GCHandle<HostBinding>.FromIntPtr(data).Target;
            var store = WasmStore.OnThread;
            Debug.Assert(ReferenceEquals(store, WasmStore.OfCaller(caller)), "a guest runs that no store has entered on this thread");
            var call = new HostCall(binding, caller, store, values, count);
            binding.Function(ref call);
            return 0;
        }
#pragma warning disable CA1031 // whatever it is, it must not unwind into the engine's frames
        catch (Exception fault)
#pragma warning restore CA1031
        {
            return Fail(caller, fault);
        }
    }

    [UnmanagedCallersOnly]
    public static void InvokeAsync(
        nint data,
        nint caller,
        wasmtime_val_t* arguments,
        nuint argumentCount,
        wasmtime_val_t* results,
        nuint resultCount,
        nint* trap,
        wasmtime_async_continuation_t* continuation)
    {
        *continuation = new wasmtime_async_continuation_t { callback = &Done };
        try
        {
            var binding = GCHandle<HostBinding>.FromIntPtr(data).Target;
            var suspended = new SuspendedCall(binding, caller, arguments, argumentCount, results, trap);
            if (Run(suspended, null) is { } pause)
            {
                continuation->callback = &Resume;
                continuation->env = pause.Store.Self;
            }
        }
#pragma warning disable CA1031 // as above
        catch (Exception fault)
#pragma warning restore CA1031
        {
            *trap = Fail(caller, fault);
        }
    }

    [UnmanagedCallersOnly]
    private static byte Done(nint env) => Ready;

    // Asked at once after the callback, on the way into the suspension, and then only when the driver saw a reason to poll.
    [UnmanagedCallersOnly]
    private static byte Resume(nint env)
    {
        var store = WasmStore.FromSelf(env);
        var pause = store.Pause!;
        var call = pause.Call;
        try
        {
            if (!pause.TryEnd())
            {
                return Pending;
            }

            store.Pause = null;
            return Run(call, pause) is null ? Ready : Pending;
        }
#pragma warning disable CA1031 // as above
        catch (Exception fault)
#pragma warning restore CA1031
        {
            *call.Trap = Fail(call.Caller, fault);
            return Ready;
        }
    }

    // Either half of a host function, on values of our own: the engine's asynchronous calls have their values with types.
    private static Pause? Run(SuspendedCall suspended, Pause? first)
    {
        var type = suspended.Binding.Type;
        var count = Math.Max(type.Parameters.Count, type.Results.Count);
        fixed (RawValue* values = count <= ValuesOnStack ? stackalloc RawValue[ValuesOnStack] : new RawValue[count])
        {
            return Run(suspended, first, type, values, count);
        }
    }

    private static Pause? Run(SuspendedCall suspended, Pause? first, FunctionType type, RawValue* values, int count)
    {
        for (var i = 0; i < (int)suspended.ArgumentCount; i++)
        {
            values[i] = suspended.Arguments[i].Raw;
        }

        var store = WasmStore.OfCaller(suspended.Caller);
        var call = new HostCall(suspended.Binding, suspended.Caller, store, values, (nuint)count);
        store.InAsyncCallback = true;
        try
        {
            if (first is null)
            {
                suspended.Binding.Function(ref call);
            }
            else
            {
                first.Complete(ref call);
            }
        }
        finally
        {
            store.InAsyncCallback = false;
        }

        if (call.Pause is { } pause)
        {
            pause.Call = suspended;
            store.Pause = pause;
            return pause;
        }

        for (var i = 0; i < type.Results.Count; i++)
        {
            suspended.Results[i] = wasmtime_val_t.From(type.Results[i], values[i]);
        }

        return null;
    }

    private static nint Fail(nint caller, Exception fault)
    {
        try
        {
            WasmStore.OfCaller(caller).Faulted(fault);
            var bytes = Encoding.UTF8.GetBytes(fault.Message);
            fixed (byte* message = bytes)
            {
                return EngineApi.wasmtime_trap_new(message, (nuint)bytes.Length);
            }
        }
#pragma warning disable CA1031 // an exception's own Message may throw; the trap matters more than its text
        catch (Exception)
#pragma warning restore CA1031
        {
            fixed (byte* message = "host function failed"u8)
            {
                return EngineApi.wasmtime_trap_new(message, 20);
            }
        }
    }
}
