using System;
using System.Collections.Generic;
using System.Linq;
using Skiff.WitBindings.Syntax;

namespace Skiff.WitBindings.Model;

/// <summary>Types of core values (CanonicalABI.md, "Flattening").</summary>
internal enum CoreKind
{
    I32,
    I64,
    F32,
    F64,
}

/// <summary>A type with every name resolved, and its layout (CanonicalABI.md, "Alignment", "Element Size", "Flattening").</summary>
internal abstract class WitType
{
    public abstract uint Size { get; }

    public abstract uint Alignment { get; }

    /// <summary>A string or a list is in it: lowering it allocates in the guest.</summary>
    public virtual bool HasPointers => false;

    public virtual bool HasHandles => false;

    /// <summary>All of them: nobody writes a type by hand whose flat form is long.</summary>
    public abstract IReadOnlyList<CoreKind> Flat { get; }

    public static uint Align(uint offset, uint alignment) => (offset + alignment - 1) & ~(alignment - 1);
}

internal enum Primitive
{
    Bool,
    U8,
    S8,
    U16,
    S16,
    U32,
    S32,
    U64,
    S64,
    F32,
    F64,
    Char,
}

internal sealed class PrimitiveType(Primitive kind) : WitType
{
    public Primitive Kind { get; } = kind;

    /// <summary>Elements of a list that C# sees in place. Not bool, whose byte may have any value, and not char, which must be checked.</summary>
    public bool IsBlittable => Kind is not (Primitive.Bool or Primitive.Char);

    public override uint Size => Kind switch
    {
        Primitive.Bool or Primitive.U8 or Primitive.S8 => 1,
        Primitive.U16 or Primitive.S16 => 2,
        Primitive.U64 or Primitive.S64 or Primitive.F64 => 8,
        _ => 4,
    };

    public override uint Alignment => Size;

    public override IReadOnlyList<CoreKind> Flat => [Kind switch
    {
        Primitive.F32 => CoreKind.F32,
        Primitive.F64 => CoreKind.F64,
        Primitive.U64 or Primitive.S64 => CoreKind.I64,
        _ => CoreKind.I32,
    }];
}

internal sealed class StringType : WitType
{
    public override uint Size => 8;

    public override uint Alignment => 4;

    public override bool HasPointers => true;

    public override IReadOnlyList<CoreKind> Flat => [CoreKind.I32, CoreKind.I32];
}

internal sealed class ListType(WitType element) : WitType
{
    public WitType Element { get; } = element;

    /// <summary>The primitive type of the elements if C# sees them in place.</summary>
    public PrimitiveType? Blittable => Element is PrimitiveType { IsBlittable: true } primitive ? primitive : null;

    public override uint Size => 8;

    public override uint Alignment => 4;

    public override bool HasPointers => true;

    public override bool HasHandles => Element.HasHandles;

    public override IReadOnlyList<CoreKind> Flat => [CoreKind.I32, CoreKind.I32];
}

internal sealed class HandleType(ResourceModel resource, bool isOwn) : WitType
{
    public ResourceModel Resource { get; } = resource;

    public bool IsOwn { get; } = isOwn;

    public override uint Size => 4;

    public override uint Alignment => 4;

    public override bool HasHandles => true;

    public override IReadOnlyList<CoreKind> Flat => [CoreKind.I32];
}

/// <summary>Values one after the other: a tuple, or the fields of a record.</summary>
internal class TupleType : WitType
{
    public TupleType(IReadOnlyList<WitType> fields)
    {
        Fields = fields;
        var offsets = new uint[fields.Count];
        uint size = 0, alignment = 1;
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = Align(size, fields[i].Alignment);
            size = offsets[i] + fields[i].Size;
            alignment = Math.Max(alignment, fields[i].Alignment);
        }

        Offsets = offsets;
        Alignment = alignment;
        Size = Align(size, alignment);
        Flat = [.. fields.SelectMany(field => field.Flat)];
    }

    public IReadOnlyList<WitType> Fields { get; }

    public IReadOnlyList<uint> Offsets { get; }

    public override uint Size { get; }

    public override uint Alignment { get; }

    public override bool HasPointers => Fields.Any(item => item.HasPointers);

    public override bool HasHandles => Fields.Any(item => item.HasHandles);

    public override IReadOnlyList<CoreKind> Flat { get; }
}

/// <summary>A type that a <c>.wit</c> names, and so C# does.</summary>
internal interface INamedType
{
    TypeName Name { get; }
}

internal sealed class RecordType(TypeName name, IReadOnlyList<WitType> fields, IReadOnlyList<MemberSyntax> members) : TupleType(fields), INamedType
{
    public TypeName Name { get; } = name;

    public IReadOnlyList<MemberSyntax> Members { get; } = members;
}

/// <summary>A discriminant, then the payload: what variant, enum, option and result have in common.</summary>
internal abstract class CasesType : WitType
{
    protected CasesType(IReadOnlyList<WitType?> cases)
    {
        Cases = cases;
        DiscriminantSize = cases.Count <= 1 << 8 ? 1u : cases.Count <= 1 << 16 ? 2u : 4u;
        var payloads = cases.OfType<WitType>().ToList();
        var payloadAlignment = payloads.Select(type => type.Alignment).DefaultIfEmpty(1u).Max();
        Alignment = Math.Max(DiscriminantSize, payloadAlignment);
        PayloadOffset = Align(DiscriminantSize, payloadAlignment);
        Size = Align(PayloadOffset + payloads.Select(type => type.Size).DefaultIfEmpty(0u).Max(), Alignment);
        Flat = [CoreKind.I32, .. Join(payloads)];
    }

    public IReadOnlyList<WitType?> Cases { get; }

    public uint DiscriminantSize { get; }

    public uint PayloadOffset { get; }

    public override uint Size { get; }

    public override uint Alignment { get; }

    public override bool HasPointers => Cases.Any(type => type?.HasPointers == true);

    public override bool HasHandles => Cases.Any(type => type?.HasHandles == true);

    public override IReadOnlyList<CoreKind> Flat { get; }

    // CanonicalABI.md, flatten_variant: position by position, the type that can hold every case's value there.
    private static List<CoreKind> Join(List<WitType> payloads)
    {
        var joined = new List<CoreKind>();
        foreach (var flat in payloads.Select(type => type.Flat))
        {
            for (var i = 0; i < flat.Count; i++)
            {
                if (i == joined.Count)
                {
                    joined.Add(flat[i]);
                }
                else if (joined[i] != flat[i])
                {
                    joined[i] = joined[i] is CoreKind.I32 or CoreKind.F32 && flat[i] is CoreKind.I32 or CoreKind.F32 ? CoreKind.I32 : CoreKind.I64;
                }
            }
        }

        return joined;
    }
}

internal sealed class VariantType(TypeName name, IReadOnlyList<WitType?> cases, IReadOnlyList<MemberSyntax> members) : CasesType(cases), INamedType
{
    public TypeName Name { get; } = name;

    public IReadOnlyList<MemberSyntax> Members { get; } = members;
}

internal sealed class EnumType(TypeName name, IReadOnlyList<MemberSyntax> members) : CasesType(new WitType?[members.Count]), INamedType
{
    public TypeName Name { get; } = name;

    public IReadOnlyList<MemberSyntax> Members { get; } = members;
}

internal sealed class OptionType(WitType some) : CasesType([null, some])
{
    public WitType Some { get; } = some;
}

internal sealed class ResultType(WitType? ok, WitType? error) : CasesType([ok, error])
{
    public WitType? Ok { get; } = ok;

    public WitType? Error { get; } = error;
}

internal sealed class FlagsType(TypeName name, IReadOnlyList<MemberSyntax> members) : WitType, INamedType
{
    public const int LabelsMax = 32;

    public TypeName Name { get; } = name;

    public IReadOnlyList<MemberSyntax> Members { get; } = members;

    public override uint Size => Members.Count <= 8 ? 1u : Members.Count <= 16 ? 2u : 4u;

    public override uint Alignment => Size;

    public override IReadOnlyList<CoreKind> Flat => [CoreKind.I32];
}
