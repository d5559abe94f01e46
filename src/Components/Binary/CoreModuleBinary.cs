namespace Skiff.Components.Binary;

/// <summary>
/// A core module within a component, read as far as linking needs: types, imports, exports, and which sections have effects when it
/// is instantiated. The engine validates the rest when it compiles.
/// </summary>
internal sealed class CoreModuleBinary
{
    /// <summary>
    /// Modules up to this size are looked at whole: wit-component's shims, which take some 30 bytes a function. Of larger ones a
    /// <see cref="ComponentSkeleton"/> keeps only what linking needs.
    /// </summary>
    public const int WholeBytesMax = 64 * 1024;

    private readonly Dictionary<string, CoreExternType> _exportTypes;

    internal CoreModuleBinary(ReadOnlyMemory<byte> bytes, int offset, CoreModuleContents contents)
    {
        Bytes = bytes;
        Offset = offset;
        Imports = contents.Imports;
        Exports = contents.Exports;
        _exportTypes = contents.ExportTypes;
        HasStart = contents.HasStart;
        HasSegments = contents.HasSegments;
        DefinedMemories = contents.DefinedMemories;
        DefinesMemoryOrTable = contents.DefinedMemories > 0 || contents.DefinesTable;
        Sections = contents.Sections;
    }

    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Byte offset in the file.</summary>
    public int Offset { get; }

    public IReadOnlyList<CoreModuleImport> Imports { get; }

    public IReadOnlyList<CoreModuleExport> Exports { get; }

    public bool HasStart { get; }

    /// <summary>Element or data segments, of any kind.</summary>
    public bool HasSegments { get; }

    /// <summary>Linear memories of its own, imported ones not counted.</summary>
    public int DefinedMemories { get; }

    public bool DefinesMemoryOrTable { get; }

    /// <summary>Where the sections are, in the order of the module, without custom sections.</summary>
    public IReadOnlyList<SectionRange> Sections { get; }

    public CoreExternType? FindExport(string name) => _exportTypes.GetValueOrDefault(name);
}

/// <summary>A section's contents: positions in the module's own bytes.</summary>
internal readonly record struct SectionRange(byte Id, int Start, int End);

/// <summary>What <see cref="CoreModuleParser"/> has read.</summary>
internal sealed class CoreModuleContents
{
    public List<CoreModuleImport> Imports { get; } = [];

    public List<CoreModuleExport> Exports { get; } = [];

    public Dictionary<string, CoreExternType> ExportTypes { get; } = new(StringComparer.Ordinal);

    public List<SectionRange> Sections { get; } = [];

    public bool HasStart { get; set; }

    public bool HasSegments { get; set; }

    public int DefinedMemories { get; set; }

    public bool DefinesTable { get; set; }

    /// <summary>Function types by type index; null for types of other kinds.</summary>
    public List<CoreFunctionType?> Types { get; } = [];

    /// <summary>Type indices of the functions, imported ones first.</summary>
    public List<int> Functions { get; } = [];

    public List<CoreMemoryType> Memories { get; } = [];
}
