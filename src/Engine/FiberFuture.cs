using System.Diagnostics;
using System.Runtime.InteropServices;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// The engine's side of one call on a fiber. Everything that the engine was given lies in one block of native memory, which is freed
/// after the future.
/// </summary>
internal sealed unsafe class FiberFuture : IDisposable
{
    private readonly WasmStore _store;
    private readonly FunctionType _type;
    private readonly Memory<RawValue> _values;
    private readonly Arguments* _block;
    private readonly wasmtime_val_t* _slots;
    private readonly SafeHandle? _linked;
    private readonly CompiledModule? _module;
    private nint _future;

    private FiberFuture(WasmStore store, FunctionType type, Memory<RawValue> values, SafeHandle? linked, CompiledModule? module)
    {
        _store = store;
        _type = type;
        _values = values;
        _linked = linked;
        _module = module;
        var referenced = false;
        // The future points into it until it is deleted.
        _linked?.DangerousAddRef(ref referenced);
        var slots = type.Parameters.Count + type.Results.Count;
        _block = (Arguments*)NativeMemory.AllocZeroed((nuint)(sizeof(Arguments) + (slots * sizeof(wasmtime_val_t))));
        _slots = (wasmtime_val_t*)(_block + 1);
    }

    /// <summary>What an instantiation made, when it has ended well.</summary>
    public wasmtime_instance_t Instance { get; private set; }

    /// <summary>An instantiation that the budget takes for none of the guest's faults: it is to be tried again.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>Prepares the call of a function.</summary>
    /// <param name="results">Where <see cref="Result"/> puts them.</param>
    public static FiberFuture OfFunction(
        WasmStore store, wasmtime_func_t function, FunctionType type, ReadOnlySpan<RawValue> arguments, Memory<RawValue> results)
    {
        type.ThrowIfNotNumeric();
        var call = new FiberFuture(store, type, results, null, null);
        for (var i = 0; i < type.Parameters.Count; i++)
        {
            call._slots[i] = wasmtime_val_t.From(type.Parameters[i], arguments[i]);
        }

        var block = call._block;
        block->Function = function;
        call._future = AsyncApi.wasmtime_func_call_async(
            store.Context,
            &block->Function,
            call._slots,
            (nuint)type.Parameters.Count,
            call._slots + type.Parameters.Count,
            (nuint)type.Results.Count,
            &block->Trap,
            &block->Error);
        return call;
    }

    /// <summary>Prepares an instantiation.</summary>
    public static FiberFuture OfInstance(WasmStore store, CompiledModule module, InstancePreHandle linked)
    {
        var future = new FiberFuture(store, FunctionType.Empty, default, linked, module);
        var block = future._block;
        future._future = AsyncApi.wasmtime_instance_pre_instantiate_async(
            linked, store.Context, &block->Instance, &block->Trap, &block->Error);
        return future;
    }

    /// <summary>
    /// Prepares an instantiation whose imports are given one by one. The C API has it for linkers only, so one is made for it, which
    /// cannot tell two imports of one name apart.
    /// </summary>
    /// <exception cref="EngineException">Two imports of one name are not the same.</exception>
    public static FiberFuture OfInstance(WasmStore store, CompiledModule module, ReadOnlySpan<Extern> imports)
    {
        using var linker = new LinkerHandle(ModuleApi.wasmtime_linker_new(store.Engine.Handle));
        for (var i = 0; i < Math.Min(imports.Length, module.Imports.Count); i++)
        {
            var item = imports[i].Item;
            var moduleName = WasmEngine.ZeroTerminated(module.Imports[i].Module);
            var name = WasmEngine.ZeroTerminated(module.Imports[i].Name);
            fixed (byte* modulePointer = moduleName, namePointer = name)
            {
                EngineException.ThrowIfError(ModuleApi.wasmtime_linker_define(
                    linker, store.Context, modulePointer, (nuint)moduleName.Length - 1, namePointer, (nuint)name.Length - 1, &item));
            }
        }

        var future = new FiberFuture(store, FunctionType.Empty, default, linker, module);
        var block = future._block;
        future._future = AsyncApi.wasmtime_linker_instantiate_async(
            linker, store.Context, module.Handle, &block->Instance, &block->Trap, &block->Error);
        return future;
    }

    /// <summary>
    /// Runs the call to its end at once, from within a host function of its store: nothing suspends there, because a managed frame
    /// lies beneath. It has a fiber of its own all the same, where the engine demands one.
    /// </summary>
    public NativeInstance RunNested()
    {
        var outer = _store.EnterNested();
        var done = PollHere();
        _store.LeaveNested(outer);
        Debug.Assert(done, "neither a host function nor an epoch suspends while a managed frame lies beneath");
        return new NativeInstance(_block->Instance, _block->Error, _block->Trap);
    }

    /// <summary>
    /// As <see cref="Poll"/>, from within a host function of its store: what the guest then waits for is kept by <paramref name="call"/>.
    /// </summary>
    public bool PollWithin(NestedCall call)
    {
        var outer = _store.EnterFiber(call);
        var done = PollHere();
        _store.LeaveFiber(outer);
        return done;
    }

    /// <summary>Reads what the function returned.</summary>
    public void CopyResults(Span<RawValue> results)
    {
        var returned = _slots + _type.Parameters.Count;
        for (var i = 0; i < _type.Results.Count; i++)
        {
            results[i] = returned[i].Raw;
        }
    }

    /// <summary>Runs the guest until it waits (false) or has ended (true), in a turn that its quota gave where it has one.</summary>
    public bool Poll()
    {
        var ticker = _store.Engine.Ticker;
        ticker.Enter();
        _store.Meter?.Start();
        _store.Budget.BeginTurn();
        _store.Turn?.Begin();
        var done = PollHere();
        _store.Turn?.End();
        _store.Budget.EndTurn();
        _store.Meter?.End();
        ticker.Leave();
        return done;
    }

    /// <summary>How the call ended, once it has.</summary>
    public CallEnd? Result()
    {
        if ((_block->Error | _block->Trap) != 0)
        {
            var end = _store.Ended(
                _block->Error, _block->Trap, fault => _module is not null && _store.Budget.IsHiddenMemory(_module, fault));
            IsRefused = end is null;
            return end;
        }

        if (!_values.IsEmpty)
        {
            CopyResults(_values.Span);
        }

        Instance = _block->Instance;
        return null;
    }

    public void Dispose()
    {
        // Unwinds a fiber that still waits; no guest code runs in that.
        AsyncApi.wasmtime_call_future_delete(_future);
        _linked?.DangerousRelease();
        NativeMemory.Free(_block);
    }

    private bool PollHere()
    {
        var outer = _store.EnterThread();
        var done = AsyncApi.wasmtime_call_future_poll(_future) != 0;
        WasmStore.LeaveThread(outer);
        return done;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Arguments
    {
        public wasmtime_func_t Function;
        public wasmtime_instance_t Instance;
        public nint Trap;
        public nint Error;
    }
}
