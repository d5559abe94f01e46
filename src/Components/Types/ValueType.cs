namespace Skiff.Components.Types;

/// <summary>Types of core values that a component value flattens to (CanonicalABI.md, "Flattening").</summary>
public enum CoreType : byte
{
    I32,
    I64,
    F32,
    F64,
}

/// <summary>
/// A value type of the component model (Explainer.md, "Type Definitions"), resolved: it names other types, not indices. Immutable.
/// Equality is structural (<see cref="StructurallyEquals"/>); resource types are compared by identity, for they are generative.
/// </summary>
public abstract class ValueType
{
    /// <summary>More flat values than these are passed through memory; counting stops here, whatever the type's size.</summary>
    public const int FlatCountCap = 17;

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

    /// <summary>Same structure, same labels, same resource types.</summary>
    public abstract bool StructurallyEquals(ValueType other);

    /// <summary>The type as WIT writes it, for error texts.</summary>
    public abstract override string ToString();

    internal abstract void AppendFlat(List<CoreType> flat);

    /// <summary>Round <paramref name="offset"/> up to a multiple of <paramref name="alignment"/>, a power of two.</summary>
    public static ulong Align(ulong offset, uint alignment) => (offset + alignment - 1) & ~((ulong)alignment - 1);

    private CoreType[] Flatten()
    {
        var flat = new List<CoreType>();
        AppendFlat(flat);
        return flat.Count > FlatCountCap ? [.. flat[..FlatCountCap]] : [.. flat];
    }
}
