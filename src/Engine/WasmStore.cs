using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// Everything one guest makes: instances, memories, tables. Used by one thread at a time, deleted as a whole. Limits hold for
/// what is made after they are set.
/// </summary>
public sealed class WasmStore : IDisposable
{
    // The engine keeps its own default for a negative limit.
    private const long Default = -1;

    // Half of the range, because the engine adds it to the current tick.
    private const ulong Never = ulong.MaxValue / 2;

    // A guest that has a limit on its memory gets no second and third memory to go round it: the engine counts each by itself.
    private const long MemoriesWhenLimited = 1;

    public WasmStore(WasmEngine engine)
    {
        Handle = new StoreHandle(CreateNative(engine));
        Context = StoreApi.wasmtime_store_context(Handle);
        StoreApi.wasmtime_context_set_epoch_deadline(Context, Never);
    }

    internal StoreHandle Handle { get; }

    internal nint Context { get; }

    /// <summary>
    /// Largest linear memory in bytes. A core module then has one memory at most; a component's modules each count by
    /// themselves, so the sum can be larger there.
    /// </summary>
    public void LimitMemory(long bytes, bool component) =>
        StoreApi.wasmtime_store_limiter(Handle, bytes, Default, Default, Default, component ? Default : MemoriesWhenLimited);

    /// <summary>Interrupts the guest with a trap after <paramref name="ticks"/> more calls of <see cref="WasmEngine.Tick"/>.</summary>
    public void StopAfterTicks(ulong ticks) => StoreApi.wasmtime_context_set_epoch_deadline(Context, ticks);

    public void Dispose() => Handle.Dispose();

    private static unsafe nint CreateNative(WasmEngine engine) => StoreApi.wasmtime_store_new(engine.Handle, 0, null);
}
