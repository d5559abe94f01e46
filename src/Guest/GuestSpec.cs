namespace Skiff.Guest;

/// <summary>What to run: everything the run wing needs to know, and nothing of how it got here.</summary>
public sealed record GuestSpec
{
    /// <summary>The guest's argument vector; element 0 is the name the guest sees as its own.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The whole environment of the guest; nothing is inherited from the host process.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; }

    /// <summary>Directories the guest may see. Empty: none (deny by default).</summary>
    public IReadOnlyList<GuestDirectory> Directories { get; init; } = [];

    /// <summary>
    /// The export to call. Null means the guest's entry point: <c>_start</c> of a core module, <c>wasi:cli/run</c> of a component.
    /// </summary>
    public string? Export { get; init; }

    /// <summary>Arguments for <see cref="Export"/> when it takes parameters (<c>--invoke</c>), as text.</summary>
    public IReadOnlyList<string> ExportArguments { get; init; } = [];

    /// <summary>The compiled code to load.</summary>
    public required CompiledCode Code { get; init; }

    public GuestLimits Limits { get; init; } = GuestLimits.None;

    /// <summary>Sockets and name lookup. Nothing unless granted.</summary>
    public GuestNetwork Network { get; init; } = GuestNetwork.None;
}

/// <summary>A host directory that the guest sees at <paramref name="GuestPath"/>.</summary>
public sealed record GuestDirectory(string HostPath, string GuestPath, bool ReadOnly);

/// <summary>Compiled code as it lies in the node's <see cref="CodeCache"/>.</summary>
/// <param name="Path">Where to map it from; <c>/proc/self/fd/N</c> when only a descriptor was handed over.</param>
/// <param name="Kind">Which of the two binary formats it was made from.</param>
/// <param name="Modules">Of a component (<see cref="ComponentCode"/>): where to map its core modules from, in the order of its link plan.</param>
public sealed record CompiledCode(string Path, CodeKind Kind, IReadOnlyList<string> Modules)
{
    /// <summary>The baseline compiler made it, and only an engine that is set up for such code loads it.</summary>
    public bool IsBaseline { get; init; }
}

/// <summary>The two layers of the Wasm binary format (component-model Binary.md: <c>layer</c> field of the preamble).</summary>
public enum CodeKind
{
    Module,
    Component,
}

/// <summary>Limits that the engine enforces. Null: unlimited (an OCI container's cgroup limits it all the same).</summary>
/// <param name="MemoryBytes">Largest size of a linear memory, in bytes.</param>
/// <param name="WallTime">Longest run time; over it the guest is ended with <see cref="GuestExit.TimedOut"/>.</param>
/// <param name="StackBytes">Largest Wasm stack, in bytes.</param>
public sealed record GuestLimits(long? MemoryBytes, TimeSpan? WallTime, int? StackBytes)
{
    /// <summary>Processors' worth of CPU time that the guest may use.</summary>
    public double? Cpu { get; init; }

    /// <summary>What else it may have; a default for each.</summary>
    public GuestBounds Bounds { get; init; } = GuestBounds.Default;

    public static GuestLimits None { get; } = new(null, null, null);
}
