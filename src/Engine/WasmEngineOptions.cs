namespace Skiff.Engine;

/// <summary>How an engine is set up. Of this, only <see cref="Baseline"/> is part of compiled code.</summary>
public sealed record WasmEngineOptions
{
    /// <summary>
    /// Largest Wasm stack in bytes; a thread that runs Wasm must have <see cref="WasmEngine.StackBytesBeyond"/> more, and fibers are
    /// made so.
    /// </summary>
    public int StackBytes { get; init; } = WasmEngine.StackBytesDefault;

    /// <summary>Instances, memories and stacks made beforehand; null to make each when it is needed, which starts faster.</summary>
    public PoolOptions? Pool { get; init; }

    /// <summary>
    /// Compiles with the engine's baseline compiler (Winch): many times sooner, for code that is several times slower. Its code is
    /// loaded only by an engine with the same setting, hence <see cref="WasmEngine.BaselineTag"/>.
    /// </summary>
    public bool Baseline { get; init; }
}

/// <summary>
/// A pool for an engine that makes many short-lived instances. Its slots are address space, and memory only once they were used.
/// </summary>
/// <param name="Guests">Guests at once, each on a fiber of its own.</param>
public sealed record PoolOptions(int Guests)
{
    /// <summary>
    /// Fibers of a guest, on average: one, and one for each guest or adapter that it may wait within. Each takes two of the kernel's memory
    /// maps from the beginning, used or not.
    /// </summary>
    public int StacksPerGuest { get; init; } = 2;

    /// <summary>Core instances for each guest, on average. A component has one to four, a composed one more.</summary>
    public int InstancesPerGuest { get; init; } = 4;

    /// <summary>Linear memories for each guest, on average: 4 GiB of address space each, of which a process has 128 TiB.</summary>
    public int MemoriesPerGuest { get; init; } = 2;

    /// <summary>
    /// What of a linear memory is cleared rather than unmapped when its instance goes, in bytes. Every slot that was used keeps that
    /// much for good, whether its guest ever touched it or not. The first page makes 7 % of a small request; more of them nothing, before
    /// all of its memory is kept.
    /// </summary>
    public int KeepResidentBytes { get; init; } = 4 << 10;

    /// <summary>Slots that are given back to the kernel together. Until then they hold all that their guests have written to.</summary>
    public int DecommitBatch { get; init; } = 64;

    /// <summary>Largest table, in elements. C# guests have over 10,000.</summary>
    public int TableElements { get; init; } = 20_000;

    /// <summary>The engine's own data of an instance, in bytes: grows with the functions and globals of a module.</summary>
    public int InstanceBytes { get; init; } = 1 << 20;
}
