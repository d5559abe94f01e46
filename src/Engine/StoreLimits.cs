namespace Skiff.Engine;

/// <summary>
/// What one store may take. The engine itself bounds each memory and each table and counts them; <see cref="MemoryBytes"/> is held
/// for the sum of all linear memories by sharing it out among them (<see cref="WasmStore"/>).
/// </summary>
public sealed record StoreLimits
{
    /// <summary>Bounds nothing but counts, generously: for a process that runs one guest in a control group.</summary>
    public static StoreLimits None { get; } = new();

    /// <summary>
    /// All linear memories of the store together, in bytes; null for no limit. Objects of Wasm's own collector lie in a heap besides,
    /// one a store, which the engine bounds by the same figure.
    /// </summary>
    public long? MemoryBytes { get; init; }

    /// <summary>The share of a processor that this store has, perhaps together with others; null for no limit, and no measuring.</summary>
    public CpuQuota? Cpu { get; init; }

    /// <summary>What all stores of a guest may have together, and have; null for a guest that has one, or that nobody asks.</summary>
    public MemoryQuota? Memory { get; init; }

    /// <summary>Around each turn on a fiber; null: the thread stays as it is.</summary>
    public IStoreTurn? Turn { get; init; }

    /// <summary>Elements of each table. Times <see cref="Tables"/> it bounds their sum: 8 bytes an element.</summary>
    public long TableElements { get; init; } = 1_000_000;

    /// <summary>Tables in the store. A program has one, a component about one for each of its core modules.</summary>
    public long Tables { get; init; } = 200;

    /// <summary>Core instances in the store.</summary>
    public long Instances { get; init; } = 1_000;

    /// <summary>Linear memories in the store.</summary>
    public long Memories { get; init; } = 100;
}
