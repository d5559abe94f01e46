namespace Skiff.Components.Types;

/// <summary><c>list&lt;T&gt;</c>: pointer and number of elements.</summary>
public sealed class ListType(ValueType element) : ValueType
{
    public ValueType Element { get; } = element;

    public override uint Size => 8;

    public override uint Alignment => 4;

    public override bool NeedsMemory => true;

    public override bool HasHandles => Element.HasHandles;

    public override int Depth => DepthAbove(Element);

    public override int Nodes => AddNodes(1, Element);

    public override bool StructurallyEquals(ValueType other) => ReferenceEquals(this, other)
        || (other is ListType list && Element.StructurallyEquals(list.Element));

    public override string ToString() => $"list<{Element}>";

    internal override void AppendFlat(List<CoreType> flat)
    {
        flat.Add(CoreType.I32);
        flat.Add(CoreType.I32);
    }
}

/// <summary><c>list&lt;T, n&gt;</c>: so many elements one after the other, in place.</summary>
public sealed class FixedListType(ValueType element, uint length) : ValueType
{
    public ValueType Element { get; } = element;

    public uint Length { get; } = length;

    public override uint Size { get; } = checked(element.Size * length);

    public override uint Alignment => Element.Alignment;

    public override bool NeedsMemory => Element.NeedsMemory;

    public override bool HasHandles => Element.HasHandles;

    public override int Depth => DepthAbove(Element);

    public override int Nodes => AddNodes(1, Element);

    public override bool StructurallyEquals(ValueType other) => ReferenceEquals(this, other)
        || (other is FixedListType list && list.Length == Length && Element.StructurallyEquals(list.Element));

    public override string ToString() => $"list<{Element}, {Length}>";

    internal override void AppendFlat(List<CoreType> flat)
    {
        for (var i = 0u; i < Length && flat.Count < FlatCountCap; i++)
        {
            flat.AddRange(Element.Flat);
        }
    }
}

/// <summary>A named member of a record, or a case of a variant (whose type may be missing).</summary>
public readonly record struct Member(string Label, ValueType? Type);

/// <summary><c>record</c> and <c>tuple</c>: the values one after the other, each aligned. A tuple's labels are "0", "1", ….</summary>
public sealed class RecordType : ValueType
{
    private readonly Member[] _fields;
    private readonly uint[] _offsets;

    private RecordType(Member[] fields, bool isTuple)
    {
        _fields = fields;
        _offsets = new uint[fields.Length];
        IsTuple = isTuple;
        Alignment = 1;
        ulong size = 0;
        for (var i = 0; i < fields.Length; i++)
        {
            var type = fields[i].Type!;
            size = Align(size, type.Alignment);
            _offsets[i] = checked((uint)size);
            size += type.Size;
            Alignment = Math.Max(Alignment, type.Alignment);
            NeedsMemory |= type.NeedsMemory;
            HasHandles |= type.HasHandles;
            Depth = Math.Max(Depth, DepthAbove(type));
            Nodes = AddNodes(Nodes, type);
        }

        Size = checked((uint)Align(size, Alignment));
    }

    public bool IsTuple { get; }

    public ReadOnlySpan<Member> Fields => _fields;

    /// <summary>Byte offsets of the fields from the value's address.</summary>
    public ReadOnlySpan<uint> Offsets => _offsets;

    public override uint Size { get; }

    public override uint Alignment { get; }

    public override bool NeedsMemory { get; }

    public override bool HasHandles { get; }

    public override int Depth { get; } = 1;

    public override int Nodes { get; } = 1;

    /// <exception cref="OverflowException">The record is larger than 4 GiB.</exception>
    public static RecordType Record(params ReadOnlySpan<Member> fields) => new(fields.ToArray(), isTuple: false);

    /// <exception cref="OverflowException">The tuple is larger than 4 GiB.</exception>
    public static RecordType Tuple(params ReadOnlySpan<ValueType> items)
    {
        var fields = new Member[items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            fields[i] = new Member(i.ToString(System.Globalization.CultureInfo.InvariantCulture), items[i]);
        }

        return new RecordType(fields, isTuple: true);
    }

    public override bool StructurallyEquals(ValueType other) => ReferenceEquals(this, other)
        || (other is RecordType record && record.IsTuple == IsTuple && Members.Equal(_fields, record._fields));

    public override string ToString() => IsTuple
        ? $"tuple<{string.Join(", ", _fields.Select(field => field.Type))}>"
        : $"record {{ {string.Join(", ", _fields.Select(field => $"{field.Label}: {field.Type}"))} }}";

    internal override void AppendFlat(List<CoreType> flat)
    {
        foreach (var field in _fields)
        {
            if (flat.Count >= FlatCountCap)
            {
                return;
            }

            flat.AddRange(field.Type!.Flat);
        }
    }
}

/// <summary>Which of the four spellings a <see cref="VariantType"/> was written in.</summary>
public enum VariantForm
{
    Variant,
    Enum,
    Option,
    Result,
}

/// <summary>
/// <c>variant</c>, and <c>enum</c>, <c>option</c> (none, some) and <c>result</c> (ok, error), which are variants with fixed labels:
/// a discriminant, then the payload at <see cref="PayloadOffset"/>.
/// </summary>
public sealed class VariantType : ValueType
{
    private readonly Member[] _cases;

    private VariantType(Member[] cases, VariantForm form)
    {
        _cases = cases;
        Form = form;
        DiscriminantSize = cases.Length <= 1 << 8 ? 1u : cases.Length <= 1 << 16 ? 2u : 4u;
        uint payloadSize = 0, payloadAlignment = 1;
        foreach (var item in cases)
        {
            if (item.Type is { } type)
            {
                payloadSize = Math.Max(payloadSize, type.Size);
                payloadAlignment = Math.Max(payloadAlignment, type.Alignment);
                NeedsMemory |= type.NeedsMemory;
                HasHandles |= type.HasHandles;
                Depth = Math.Max(Depth, DepthAbove(type));
                Nodes = AddNodes(Nodes, type);
            }
        }

        Alignment = Math.Max(DiscriminantSize, payloadAlignment);
        PayloadOffset = (uint)Align(DiscriminantSize, payloadAlignment);
        Size = checked((uint)Align((ulong)PayloadOffset + payloadSize, Alignment));
    }

    public VariantForm Form { get; }

    public ReadOnlySpan<Member> Cases => _cases;

    /// <summary>1, 2 or 4 bytes.</summary>
    public uint DiscriminantSize { get; }

    /// <summary>Byte offset of every case's payload from the value's address.</summary>
    public uint PayloadOffset { get; }

    public override uint Size { get; }

    public override uint Alignment { get; }

    public override bool NeedsMemory { get; }

    public override bool HasHandles { get; }

    public override int Depth { get; } = 1;

    public override int Nodes { get; } = 1;

    public static VariantType Variant(params ReadOnlySpan<Member> cases) => new(cases.ToArray(), VariantForm.Variant);

    public static VariantType Enum(params ReadOnlySpan<string> labels)
    {
        var cases = new Member[labels.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            cases[i] = new Member(labels[i], null);
        }

        return new VariantType(cases, VariantForm.Enum);
    }

    public static VariantType Option(ValueType some) => new([new Member("none", null), new Member("some", some)], VariantForm.Option);

    public static VariantType Result(ValueType? ok, ValueType? error) =>
        new([new Member("ok", ok), new Member("error", error)], VariantForm.Result);

    public override bool StructurallyEquals(ValueType other) => ReferenceEquals(this, other)
        || (other is VariantType variant && variant.Form == Form && Members.Equal(_cases, variant._cases));

    public override string ToString() => Form switch
    {
        VariantForm.Option => $"option<{_cases[1].Type}>",
        VariantForm.Result => $"result<{_cases[0].Type?.ToString() ?? "_"}, {_cases[1].Type?.ToString() ?? "_"}>",
        VariantForm.Enum => $"enum {{ {string.Join(", ", _cases.Select(item => item.Label))} }}",
        _ => $"variant {{ {string.Join(", ", _cases.Select(item => item.Type is null ? item.Label : $"{item.Label}({item.Type})"))} }}",
    };

    // CanonicalABI.md, flatten_variant: position by position, the type that can hold every case's value there.
    internal override void AppendFlat(List<CoreType> flat)
    {
        flat.Add(CoreType.I32);
        var start = flat.Count;
        foreach (var item in _cases)
        {
            // Each type's own flat list is kept, so that types shared many times over cost no more than once.
            var payload = item.Type is { } type ? type.Flat : [];
            for (var i = 0; i < payload.Length; i++)
            {
                if (start + i < flat.Count)
                {
                    flat[start + i] = Join(flat[start + i], payload[i]);
                }
                else
                {
                    flat.Add(payload[i]);
                }
            }
        }
    }

    private static CoreType Join(CoreType one, CoreType other) =>
        one == other ? one
        : (one, other) is (CoreType.I32, CoreType.F32) or (CoreType.F32, CoreType.I32) ? CoreType.I32
        : CoreType.I64;
}

/// <summary><c>flags</c>: one bit a label, at most 32.</summary>
public sealed class FlagsType(params string[] labels) : ValueType
{
    public const int LabelsMax = 32;

    public IReadOnlyList<string> Labels { get; } = labels;

    public override uint Size => Labels.Count <= 8 ? 1u : Labels.Count <= 16 ? 2u : 4u;

    public override uint Alignment => Size;

    public override bool NeedsMemory => false;

    public override bool HasHandles => false;

    public override bool StructurallyEquals(ValueType other) => other is FlagsType flags && Labels.SequenceEqual(flags.Labels);

    public override string ToString() => $"flags {{ {string.Join(", ", Labels)} }}";

    internal override void AppendFlat(List<CoreType> flat) => flat.Add(CoreType.I32);
}

internal static class Members
{
    public static bool Equal(ReadOnlySpan<Member> one, ReadOnlySpan<Member> other)
    {
        if (one.Length != other.Length)
        {
            return false;
        }

        for (var i = 0; i < one.Length; i++)
        {
            if (one[i].Label != other[i].Label || !Equal(one[i].Type, other[i].Type))
            {
                return false;
            }
        }

        return true;
    }

    public static bool Equal(ValueType? one, ValueType? other) =>
        one is null ? other is null : other is not null && one.StructurallyEquals(other);
}
