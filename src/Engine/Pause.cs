using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>Why the host function that a fiber is in has not ended yet: it waits for a task, or for a guest function that it called.</summary>
internal abstract class Pause(WasmStore store)
{
    public WasmStore Store => store;

    /// <summary>The engine's side of the suspended call; its memory is the fiber's, which lives as long as this matters.</summary>
    public SuspendedCall Call { get; set; }

    /// <summary>Looks whether what it waits for is there; lets the guest function run on.</summary>
    public abstract bool TryEnd();

    /// <summary>Runs the second half of the host function.</summary>
    public abstract void Complete(ref HostCall call);
}

/// <summary>What the engine gave to an asynchronous callback and keeps until its continuation says that it is done.</summary>
internal readonly unsafe struct SuspendedCall(
    HostBinding binding, nint caller, wasmtime_val_t* arguments, nuint argumentCount, wasmtime_val_t* results, nint* trap)
{
    public HostBinding Binding => binding;

    public nint Caller => caller;

    public wasmtime_val_t* Arguments => arguments;

    public nuint ArgumentCount => argumentCount;

    public wasmtime_val_t* Results => results;

    public nint* Trap => trap;
}
