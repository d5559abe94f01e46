namespace Skiff.Components.Types;

/// <summary>Types of core values. Component values flatten to the first four (CanonicalABI.md, "Flattening").</summary>
public enum CoreType : byte
{
    I32,
    I64,
    F32,
    F64,
    V128,

    /// <summary>Any reference type; which one is not kept.</summary>
    Reference,
}

/// <summary>
/// A value type of the component model (Explainer.md, "Type Definitions"), resolved: it names other types, not indices. Immutable.
/// Equality is structural (<see cref="StructurallyEquals"/>); resource types are compared by identity, for they are generative.
/// </summary>
public abstract class ValueType
{
    /// <summary>More flat values than these are passed through memory; counting stops here, whatever the type's size.</summary>
    public const int FlatCountCap = 17;

    /// <summary>
    /// Types nest at most as deep as this: they are walked by recursion, and a stack overflow cannot be caught.
    /// </summary>
    public const int DepthMax = 100;

    /// <summary>A type written out in full, without sharing, has at most so many types in it: what is linear in that is cheap.</summary>
    public const int NodesMax = 100_000;

    /// <summary>A value takes fewer bytes of memory than this (CanonicalABI.md, <c>MAX_LIST_BYTE_LENGTH</c> and its like).</summary>
    public const uint SizeLimit = 1 << 28;

    private CoreType[]? _flat;

    /// <summary>Bytes that a value takes in linear memory (CanonicalABI.md, "Element Size").</summary>
    public abstract uint Size { get; }

    /// <summary>1, 2, 4 or 8 (CanonicalABI.md, "Alignment").</summary>
    public abstract uint Alignment { get; }

    /// <summary>Core values that it flattens to; cut off at <see cref="FlatCountCap"/>.</summary>
    public ReadOnlySpan<CoreType> Flat => _flat ??= Flatten();

    /// <summary>Whether a value holds a pointer into linear memory (string or list) anywhere.</summary>
    public abstract bool NeedsMemory { get; }

    /// <summary>Whether a value holds a handle anywhere.</summary>
    public abstract bool HasHandles { get; }

    /// <summary>Types on the longest way down from this one, itself included.</summary>
    public virtual int Depth => 1;

    /// <summary>Types in this one when it is written out in full, itself included; stops growing at int.MaxValue.</summary>
    public virtual int Nodes => 1;

    /// <summary>Same structure, same labels, same resource types.</summary>
    public abstract bool StructurallyEquals(ValueType other);

    /// <summary>The type as WIT writes it, for error texts.</summary>
    public abstract override string ToString();

    internal abstract void AppendFlat(List<CoreType> flat);

    /// <summary>Round <paramref name="offset"/> up to a multiple of <paramref name="alignment"/>, a power of two.</summary>
    public static ulong Align(ulong offset, uint alignment) => (offset + alignment - 1) & ~((ulong)alignment - 1);

    private protected static int DepthAbove(ValueType? one, ValueType? other = null) => 1 + Math.Max(one?.Depth ?? 0, other?.Depth ?? 0);

    private protected static int AddNodes(int nodes, ValueType? type) =>
        (int)Math.Min(int.MaxValue, (long)nodes + (type?.Nodes ?? 0));

    private CoreType[] Flatten()
    {
        var flat = new List<CoreType>();
        AppendFlat(flat);
        return flat.Count > FlatCountCap ? [.. flat[..FlatCountCap]] : [.. flat];
    }
}
