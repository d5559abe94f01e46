namespace Skiff.Engine;

/// <summary>What an import or export is: core specification "External Types", component model <c>externdesc</c>.</summary>
public enum ExternKind
{
    Function,
    Global,
    Table,
    Memory,
    Tag,
    Instance,
    Component,
    Module,
    Resource,
    Type,
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

/// <summary>An import or export of a component; instances hold further items.</summary>
/// <param name="Name">As in the component, e.g. <c>wasi:cli/run@0.2.12</c>.</param>
public sealed record ComponentItem(string Name, ExternKind Kind, string Type)
{
    /// <summary>What an instance exports.</summary>
    public IReadOnlyList<ComponentItem> Items { get; init; } = [];

    /// <summary>Number of a function's parameters.</summary>
    public int ParameterCount { get; init; }
}
