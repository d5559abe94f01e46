namespace Skiff.Engine;

/// <summary>What an import or export is: core specification, "External Types".</summary>
public enum ExternKind
{
    Function,
    Global,
    Table,
    Memory,
    Tag,
}

/// <summary>An import of a core module.</summary>
/// <param name="Type">As people write it, e.g. <c>func (i32, i32) -> i32</c>.</param>
public sealed record ModuleImport(string Module, string Name, ExternKind Kind, string Type)
{
    /// <summary>Parameters and results of a function; null for anything else.</summary>
    public FunctionType? Function { get; init; }
}

/// <summary>An export of a core module.</summary>
/// <param name="Index">Position in the module's exports.</param>
public sealed record ModuleExport(string Name, ExternKind Kind, string Type, int Index)
{
    /// <summary>Parameters and results of a function; null for anything else.</summary>
    public FunctionType? Function { get; init; }

    /// <summary>Limits of a memory; null for anything else.</summary>
    public MemoryLimits? Memory { get; init; }
}

/// <summary>Size of a linear memory in pages of the memory's page size (64 KiB unless the module says otherwise).</summary>
public sealed record MemoryLimits(ulong MinimumPages, ulong? MaximumPages);
