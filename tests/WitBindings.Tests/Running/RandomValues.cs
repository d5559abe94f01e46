using System.Text;
using Skiff.Components.Abi;
using Skiff.Components.Types;
using WitType = Skiff.Components.Types.ValueType;

namespace Skiff.WitBindings.Tests.Running;

/// <summary>Values of any type without handles.</summary>
internal sealed class RandomValues(Random random)
{
    private const int LengthMax = 5;

    public ComponentValue Of(WitType type) => type switch
    {
        PrimitiveType primitive => Of(primitive.Kind),
        ListType list => ComponentValue.List([.. Enumerable.Range(0, random.Next(LengthMax)).Select(_ => Of(list.Element))]),
        RecordType record => ComponentValue.Record([.. record.Fields.ToArray().Select(field => Of(field.Type!))]),
        FlagsType flags => ComponentValue.Flags((uint)random.NextInt64(1L << flags.Labels.Count)),
        VariantType variant => Case(variant),
        _ => throw new NotSupportedException(type.ToString()),
    };

    private ComponentValue Case(VariantType variant)
    {
        var index = random.Next(variant.Cases.Length);
        return ComponentValue.Variant((uint)index, variant.Cases[index].Type is { } payload ? Of(payload) : null);
    }

    private ComponentValue Of(Primitive kind) => kind switch
    {
        Primitive.Bool => ComponentValue.Bool(random.Next(2) == 1),
        Primitive.U8 => ComponentValue.U8((byte)Integer()),
        Primitive.S8 => ComponentValue.S8((sbyte)Integer()),
        Primitive.U16 => ComponentValue.U16((ushort)Integer()),
        Primitive.S16 => ComponentValue.S16((short)Integer()),
        Primitive.U32 => ComponentValue.U32((uint)Integer()),
        Primitive.S32 => ComponentValue.S32((int)Integer()),
        Primitive.U64 => ComponentValue.U64((ulong)Integer()),
        Primitive.S64 => ComponentValue.S64(Integer()),
        // No NaN: it may come back with other bits.
        Primitive.F32 => ComponentValue.F32(random.Next(5) == 0 ? float.NegativeInfinity : (float)(random.NextDouble() * 1e9)),
        Primitive.F64 => ComponentValue.F64(random.Next(5) == 0 ? -0.0 : random.NextDouble() * 1e300),
        Primitive.Char => ComponentValue.Char(Letter()),
        _ => ComponentValue.String(string.Concat(Enumerable.Range(0, random.Next(LengthMax)).Select(_ => Letter().ToString()))),
    };

    // The ends of the ranges are met often.
    private long Integer() => random.Next(4) switch
    {
        0 => 0,
        1 => -1,
        2 => 1L << random.Next(64),
        _ => random.NextInt64(long.MinValue, long.MaxValue),
    };

    private Rune Letter() => random.Next(4) switch
    {
        0 => new Rune(0x10FFFF),
        1 => new Rune(random.Next(0xE000, 0x20000)),
        2 => new Rune(random.Next(0, 0xD800)),
        _ => new Rune('a' + random.Next(26)),
    };
}
