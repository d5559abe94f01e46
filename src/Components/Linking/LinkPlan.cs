namespace Skiff.Components.Linking;

/// <summary>
/// A component with everything static decided: what is left is to instantiate core modules in order and to call. Immutable, and the
/// same for all runs. Component.Parse makes it.
/// </summary>
public sealed class LinkPlan
{
    internal LinkPlan()
    {
    }

    /// <summary>The distinct core modules that are instantiated; an elided shim is not among them.</summary>
    public required IReadOnlyList<CoreModule> Modules { get; init; }

    /// <summary>The component instances, parents first; 0 is the root.</summary>
    public required IReadOnlyList<StaticInstance> Instances { get; init; }

    /// <summary>In the order in which they are made.</summary>
    public required IReadOnlyList<CoreInstance> CoreInstances { get; init; }

    /// <summary>Every export of a core instance that anything here refers to.</summary>
    public required IReadOnlyList<CoreExport> CoreExports { get; init; }

    public required IReadOnlyList<Trampoline> Trampolines { get; init; }

    /// <summary>All lifted functions; some may be reached by nobody.</summary>
    public required IReadOnlyList<LiftedFunction> LiftedFunctions { get; init; }

    /// <summary>Functions of the host that are lowered or exported.</summary>
    public required IReadOnlyList<ImportedFunction> ImportedFunctions { get; init; }

    /// <summary>What the root's imports ask for, used or not, in the order of the file.</summary>
    public required IReadOnlyList<PlannedImport> Imports { get; init; }

    public required IReadOnlyList<ImportedResourceType> ImportedResources { get; init; }

    public required IReadOnlyList<GuestResourceType> GuestResources { get; init; }

    public required IReadOnlyList<PlannedExport> Exports { get; init; }

    /// <summary>Whether wit-component's shim and fixup modules were proved to be such and left out.</summary>
    public required bool IsElided { get; init; }

    /// <summary>
    /// A guest can call into a guest through the host (another component's function, an adapter, a destructor), so that frames of the
    /// host may lie between frames of guests when a function of the host is called.
    /// </summary>
    public required bool GuestsCallThroughHost { get; init; }
}

/// <summary>An import of the root: an interface with all its functions, or one function.</summary>
/// <param name="Interface">Null for functions that are imported by themselves.</param>
public sealed record PlannedImport(InterfaceName? Interface, IReadOnlyList<ImportedFunction> Functions, IReadOnlyList<ImportedResourceType> Resources);

/// <summary>How to link.</summary>
/// <param name="Elide">Leave out wit-component's shim and fixup modules where their use is proved. The plain path behaves the same, slower.</param>
public sealed record LinkOptions(bool Elide = true)
{
    public static LinkOptions Default { get; } = new();
}
