using System.Globalization;
using System.Text;

namespace Skiff.Components.Abi;

/// <summary>What a <see cref="ComponentValue"/> holds.</summary>
public enum ComponentValueKind : byte
{
    Bool,
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
    F32,
    F64,
    Char,
    String,
    List,

    /// <summary>Record or tuple: the fields in order.</summary>
    Record,

    /// <summary>Variant, enum, option or result: the case's index, and what it carries.</summary>
    Variant,

    /// <summary>Bit i is label i.</summary>
    Flags,

    /// <summary>Own or borrow.</summary>
    Resource,
}

/// <summary>A value of the component model without its type: what interpreted calls take and give. Immutable as long as nobody writes to its arrays.</summary>
public readonly struct ComponentValue : IEquatable<ComponentValue>
{
    private readonly object? _object;
    private readonly ulong _bits;

    private ComponentValue(ComponentValueKind kind, ulong bits, object? item = null) => (Kind, _bits, _object) = (kind, bits, item);

    public ComponentValueKind Kind { get; }

    /// <summary>Numbers, bool, char and flags as unsigned bits; signed numbers are sign-extended, floats are their bit patterns.</summary>
    public ulong Bits => _bits;

    public bool AsBool => Take(ComponentValueKind.Bool)._bits != 0;

    public int AsS32 => (int)Take(ComponentValueKind.S32)._bits;

    public uint AsU32 => (uint)Take(ComponentValueKind.U32)._bits;

    public long AsS64 => (long)Take(ComponentValueKind.S64)._bits;

    public ulong AsU64 => Take(ComponentValueKind.U64)._bits;

    public float AsF32 => BitConverter.UInt32BitsToSingle((uint)Take(ComponentValueKind.F32)._bits);

    public double AsF64 => BitConverter.UInt64BitsToDouble(Take(ComponentValueKind.F64)._bits);

    public Rune AsChar => new((uint)Take(ComponentValueKind.Char)._bits);

    public string AsString => (string)Take(ComponentValueKind.String)._object!;

    /// <summary>The elements; a list made by <see cref="Bytes"/> is copied.</summary>
    public ComponentValue[] AsList => Take(ComponentValueKind.List)._object is byte[] bytes
        ? Array.ConvertAll(bytes, U8)
        : (ComponentValue[])_object!;

    /// <summary>A list of u8; null when the list is held element by element.</summary>
    public byte[]? AsBytes => Take(ComponentValueKind.List)._object as byte[];

    public ComponentValue[] AsRecord => (ComponentValue[])Take(ComponentValueKind.Record)._object!;

    /// <summary>Index of the case.</summary>
    public uint Case => (uint)Take(ComponentValueKind.Variant)._bits;

    /// <summary>What the case carries; null for nothing.</summary>
    public ComponentValue? Payload => Take(ComponentValueKind.Variant)._object is ComponentValue[] payload ? payload[0] : null;

    public uint AsFlags => (uint)Take(ComponentValueKind.Flags)._bits;

    public ComponentResource AsResource => (ComponentResource)Take(ComponentValueKind.Resource)._object!;

    public static ComponentValue Bool(bool value) => new(ComponentValueKind.Bool, value ? 1u : 0u);

    public static ComponentValue S8(sbyte value) => new(ComponentValueKind.S8, (ulong)value);

    public static ComponentValue U8(byte value) => new(ComponentValueKind.U8, value);

    public static ComponentValue S16(short value) => new(ComponentValueKind.S16, (ulong)value);

    public static ComponentValue U16(ushort value) => new(ComponentValueKind.U16, value);

    public static ComponentValue S32(int value) => new(ComponentValueKind.S32, (ulong)value);

    public static ComponentValue U32(uint value) => new(ComponentValueKind.U32, value);

    public static ComponentValue S64(long value) => new(ComponentValueKind.S64, (ulong)value);

    public static ComponentValue U64(ulong value) => new(ComponentValueKind.U64, value);

    public static ComponentValue F32(float value) => new(ComponentValueKind.F32, BitConverter.SingleToUInt32Bits(value));

    public static ComponentValue F64(double value) => new(ComponentValueKind.F64, BitConverter.DoubleToUInt64Bits(value));

    public static ComponentValue Char(Rune value) => new(ComponentValueKind.Char, (ulong)value.Value);

    public static ComponentValue String(string value) => new(ComponentValueKind.String, 0, value);

    public static ComponentValue List(params ComponentValue[] elements) => new(ComponentValueKind.List, 0, elements);

    /// <summary>A <c>list&lt;u8&gt;</c>.</summary>
    public static ComponentValue Bytes(byte[] elements) => new(ComponentValueKind.List, 0, elements);

    /// <summary>A record or a tuple.</summary>
    public static ComponentValue Record(params ComponentValue[] fields) => new(ComponentValueKind.Record, 0, fields);

    /// <summary>A variant, or an enum, option (0 none, 1 some) or result (0 ok, 1 error).</summary>
    public static ComponentValue Variant(uint index, ComponentValue? payload = null) =>
        new(ComponentValueKind.Variant, index, payload is { } value ? new[] { value } : null);

    public static ComponentValue None => Variant(0);

    public static ComponentValue Some(ComponentValue value) => Variant(1, value);

    public static ComponentValue Ok(ComponentValue? value = null) => Variant(0, value);

    public static ComponentValue Error(ComponentValue? value = null) => Variant(1, value);

    public static ComponentValue Flags(uint bits) => new(ComponentValueKind.Flags, bits);

    public static ComponentValue Resource(ComponentResource resource) => new(ComponentValueKind.Resource, 0, resource);

    public static bool operator ==(ComponentValue one, ComponentValue other) => one.Equals(other);

    public static bool operator !=(ComponentValue one, ComponentValue other) => !one.Equals(other);

    public bool Equals(ComponentValue other) => Kind == other.Kind && _bits == other._bits && (_object, other._object) switch
    {
        (ComponentValue[] one, ComponentValue[] two) => one.AsSpan().SequenceEqual(two),
        (byte[] one, byte[] two) => one.AsSpan().SequenceEqual(two),
        (byte[], ComponentValue[]) or (ComponentValue[], byte[]) => AsList.AsSpan().SequenceEqual(other.AsList),
        (var one, var two) => Equals(one, two),
    };

    public override bool Equals(object? obj) => obj is ComponentValue other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Kind, _bits, _object is string text ? text : null);

    /// <summary>For people and test failures; labels are not known here.</summary>
    public override string ToString() => Kind switch
    {
        ComponentValueKind.Bool => AsBool ? "true" : "false",
        ComponentValueKind.S8 or ComponentValueKind.S16 or ComponentValueKind.S32 or ComponentValueKind.S64 =>
            ((long)_bits).ToString(CultureInfo.InvariantCulture),
        ComponentValueKind.F32 => AsF32.ToString(CultureInfo.InvariantCulture),
        ComponentValueKind.F64 => AsF64.ToString(CultureInfo.InvariantCulture),
        ComponentValueKind.Char => $"'{AsChar}'",
        ComponentValueKind.String => $"\"{AsString}\"",
        ComponentValueKind.List => $"[{string.Join(", ", AsList)}]",
        ComponentValueKind.Record => $"({string.Join(", ", AsRecord)})",
        ComponentValueKind.Variant => Payload is { } payload ? $"#{_bits}({payload})" : $"#{_bits}",
        ComponentValueKind.Flags => $"0x{_bits:x}",
        ComponentValueKind.Resource => AsResource.ToString()!,
        _ => _bits.ToString(CultureInfo.InvariantCulture),
    };

    private ComponentValue Take(ComponentValueKind kind) =>
        Kind == kind ? this : throw new InvalidCastException($"the component value is a {Kind}, not a {kind}");
}
