namespace Skiff.Components.Types;

/// <summary>Binary.md, <c>primvaltype</c>; the value is the opcode.</summary>
public enum Primitive : byte
{
    Bool = 0x7f,
    S8 = 0x7e,
    U8 = 0x7d,
    S16 = 0x7c,
    U16 = 0x7b,
    S32 = 0x7a,
    U32 = 0x79,
    S64 = 0x78,
    U64 = 0x77,
    F32 = 0x76,
    F64 = 0x75,
    Char = 0x74,
    String = 0x73,
    ErrorContext = 0x64,
}

/// <summary>A primitive value type. One object per kind.</summary>
public sealed class PrimitiveType : ValueType
{
    public static readonly PrimitiveType Bool = new(Primitive.Bool, 1, CoreType.I32);
    public static readonly PrimitiveType S8 = new(Primitive.S8, 1, CoreType.I32);
    public static readonly PrimitiveType U8 = new(Primitive.U8, 1, CoreType.I32);
    public static readonly PrimitiveType S16 = new(Primitive.S16, 2, CoreType.I32);
    public static readonly PrimitiveType U16 = new(Primitive.U16, 2, CoreType.I32);
    public static readonly PrimitiveType S32 = new(Primitive.S32, 4, CoreType.I32);
    public static readonly PrimitiveType U32 = new(Primitive.U32, 4, CoreType.I32);
    public static readonly PrimitiveType S64 = new(Primitive.S64, 8, CoreType.I64);
    public static readonly PrimitiveType U64 = new(Primitive.U64, 8, CoreType.I64);
    public static readonly PrimitiveType F32 = new(Primitive.F32, 4, CoreType.F32);
    public static readonly PrimitiveType F64 = new(Primitive.F64, 8, CoreType.F64);
    public static readonly PrimitiveType Char = new(Primitive.Char, 4, CoreType.I32);
    public static readonly PrimitiveType String = new(Primitive.String, 8, CoreType.I32);
    public static readonly PrimitiveType ErrorContext = new(Primitive.ErrorContext, 4, CoreType.I32);

    private readonly CoreType _core;

    private PrimitiveType(Primitive kind, uint size, CoreType core)
    {
        Kind = kind;
        Size = size;
        _core = core;
    }

    public Primitive Kind { get; }

    public override uint Size { get; }

    // A string is pointer and length, so it is aligned as one of them.
    public override uint Alignment => Kind == Primitive.String ? 4 : Size;

    public override bool NeedsMemory => Kind == Primitive.String;

    public override bool HasHandles => Kind == Primitive.ErrorContext;

    /// <summary>The type with this opcode; null if it is none.</summary>
    public static PrimitiveType? FromOpcode(byte opcode) => (Primitive)opcode switch
    {
        Primitive.Bool => Bool,
        Primitive.S8 => S8,
        Primitive.U8 => U8,
        Primitive.S16 => S16,
        Primitive.U16 => U16,
        Primitive.S32 => S32,
        Primitive.U32 => U32,
        Primitive.S64 => S64,
        Primitive.U64 => U64,
        Primitive.F32 => F32,
        Primitive.F64 => F64,
        Primitive.Char => Char,
        Primitive.String => String,
        Primitive.ErrorContext => ErrorContext,
        _ => null,
    };

    public override bool StructurallyEquals(ValueType other) => ReferenceEquals(this, other);

    public override string ToString() => Kind == Primitive.ErrorContext ? "error-context" : Kind.ToString().ToLowerInvariant();

    internal override void AppendFlat(List<CoreType> flat)
    {
        flat.Add(_core);
        if (Kind == Primitive.String)
        {
            flat.Add(CoreType.I32);
        }
    }
}
