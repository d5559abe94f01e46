namespace Skiff.Engine;

/// <summary>How an engine is set up. None of this is part of compiled code.</summary>
public sealed record WasmEngineOptions
{
    /// <summary>
    /// Largest Wasm stack in bytes; a thread that runs Wasm must have <see cref="WasmEngine.StackBytesBeyond"/> more, and fibers are
    /// made so.
    /// </summary>
    public int StackBytes { get; init; } = WasmEngine.StackBytesDefault;
}
