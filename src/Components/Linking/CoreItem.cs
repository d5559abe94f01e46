using Skiff.Components.Binary;

namespace Skiff.Components.Linking;

/// <summary>Something of core Wasm that a plan refers to: a <see cref="CoreExport"/>, a <see cref="Trampoline"/> or a <see cref="LinkerItem"/>.</summary>
public abstract class CoreItem
{
    private protected CoreItem()
    {
    }

    /// <summary>Null only for a <see cref="UnsupportedBuiltin"/> that nobody imports.</summary>
    public abstract CoreExternType? Type { get; }
}

/// <summary>An export of a core instance. One object for each export that the plan refers to.</summary>
public sealed class CoreExport : CoreItem
{
    internal CoreExport(CoreInstance instance, string name, CoreExternType type) =>
        (Instance, Name, Type) = (instance, name, type);

    /// <summary>Place in <see cref="LinkPlan.CoreExports"/>: where a run keeps what it has looked up.</summary>
    public int Index { get; internal set; } = -1;

    public CoreInstance Instance { get; }

    public string Name { get; }

    public override CoreExternType Type { get; }

    public override string ToString() => $"export '{Name}' of core instance {Instance.Index}";
}

/// <summary>Something that the host's linker defines by the names of the import itself: of a <see cref="LoweredModule"/> only.</summary>
public sealed class LinkerItem : CoreItem
{
    internal LinkerItem(CoreExternType type) => Type = type;

    public override CoreExternType Type { get; }
}

/// <summary>A core instance: which module, and what its imports are.</summary>
public sealed class CoreInstance
{
    internal CoreInstance(int index, CoreModule module, StaticInstance owner, CoreItem[] imports) =>
        (Index, Module, Owner, Imports) = (index, module, owner, imports);

    /// <summary>Place in <see cref="LinkPlan.CoreInstances"/>: instances are made in this order, but for the lazy ones.</summary>
    public int Index { get; }

    public CoreModule Module { get; }

    public StaticInstance Owner { get; }

    /// <summary>One for each of <see cref="CoreModule.Imports"/>, in that order.</summary>
    public IReadOnlyList<CoreItem> Imports { get; internal set; }

    /// <summary>
    /// No import is an export of another instance: all are the same in every store, and the instance can be prepared once for all runs.
    /// </summary>
    public bool IsPrelinkable { get; internal set; }

    /// <summary>
    /// To be made when one of its exports is first looked up: making it has no effect that anyone could see (no start function, no
    /// segments, no memory or table of its own), and no other core instance is given its exports directly.
    /// </summary>
    public bool IsLazy { get; internal set; }
}

/// <summary>A distinct core module of the component.</summary>
public sealed class CoreModule
{
    private readonly CoreModuleBinary _binary;

    internal CoreModule(int index, CoreModuleBinary binary) => (Index, _binary) = (index, binary);

    /// <summary>Place in <see cref="LinkPlan.Modules"/>.</summary>
    public int Index { get; }

    /// <summary>The module's binary, a part of the component's.</summary>
    public ReadOnlyMemory<byte> Bytes => _binary.Bytes;

    /// <summary>Byte offset of the module in the component.</summary>
    public int Offset => _binary.Offset;

    public IReadOnlyList<CoreModuleImport> Imports => _binary.Imports;

    public IReadOnlyList<CoreModuleExport> Exports => _binary.Exports;

    /// <summary>Linear memories of each instance, imported ones not counted.</summary>
    public int DefinedMemories => _binary.DefinedMemories;

    /// <summary>Instantiating it runs nothing and writes nowhere, and makes no memory and no table.</summary>
    internal bool IsInert => !_binary.HasStart && !_binary.HasSegments && !_binary.DefinesMemoryOrTable;

    /// <summary>Null if that cannot be told.</summary>
    internal CallGraph? ReadCalls() => CallGraph.TryRead(_binary);

    /// <summary>The export's type; null if there is none of this name.</summary>
    public CoreExternType? FindExport(string name) => _binary.FindExport(name);
}
