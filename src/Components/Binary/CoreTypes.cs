using Skiff.Components.Types;

namespace Skiff.Components.Binary;

/// <summary>Type of something that a core module imports or exports (core specification, "External Types").</summary>
public abstract class CoreExternType
{
    private protected CoreExternType()
    {
    }
}

/// <summary>Type of a core function.</summary>
public sealed class CoreFunctionType(CoreType[] parameters, CoreType[] results) : CoreExternType, IEquatable<CoreFunctionType>
{
    private readonly CoreType[] _parameters = parameters;
    private readonly CoreType[] _results = results;

    public ReadOnlySpan<CoreType> Parameters => _parameters;

    public ReadOnlySpan<CoreType> Results => _results;

    /// <summary>
    /// Only numbers, which a function of the host can take and give. Reference types are kept as one kind, so two types that are
    /// not simple may be told equal although they differ.
    /// </summary>
    public bool IsSimple => !Parameters.ContainsAny(CoreType.V128, CoreType.Reference)
        && !Results.ContainsAny(CoreType.V128, CoreType.Reference);

    public bool Equals(CoreFunctionType? other) =>
        other is not null && Parameters.SequenceEqual(other.Parameters) && Results.SequenceEqual(other.Results);

    public override bool Equals(object? obj) => Equals(obj as CoreFunctionType);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(_parameters.Length);
        foreach (var type in _parameters)
        {
            hash.Add(type);
        }

        foreach (var type in _results)
        {
            hash.Add(type);
        }

        return hash.ToHashCode();
    }

    public override string ToString() => $"({Join(_parameters)}) -> ({Join(_results)})";

    private static string Join(CoreType[] types) => string.Join(", ", types.Select(type => type.ToString().ToLowerInvariant()));
}

/// <summary>Type of a linear memory.</summary>
/// <param name="minimumPages">Pages of <c>1 &lt;&lt; pageSizeLog2</c> bytes.</param>
public sealed class CoreMemoryType(ulong minimumPages, ulong? maximumPages, bool is64, bool isShared, int pageSizeLog2) : CoreExternType
{
    public ulong MinimumPages { get; } = minimumPages;

    public ulong? MaximumPages { get; } = maximumPages;

    public bool Is64 { get; } = is64;

    public bool IsShared { get; } = isShared;

    public int PageSizeLog2 { get; } = pageSizeLog2;

    public override string ToString() => $"{(IsShared ? "shared " : "")}memory{(Is64 ? "64" : "")}";
}

/// <summary>A table, global or tag, whose details the engine checks when it instantiates.</summary>
public sealed class CoreOtherType : CoreExternType
{
    public static readonly CoreOtherType Table = new("table");
    public static readonly CoreOtherType Global = new("global");
    public static readonly CoreOtherType Tag = new("tag");

    private readonly string _name;

    private CoreOtherType(string name) => _name = name;

    public override string ToString() => _name;
}

/// <summary>An import of a core module.</summary>
public readonly record struct CoreModuleImport(string Module, string Name, CoreExternType Type);

/// <summary>An export of a core module.</summary>
public readonly record struct CoreModuleExport(string Name, CoreExternType Type);
