using System.Text;
using Skiff.Components.Abi;
using Skiff.Components.Types;

namespace Skiff.Components.Tests.Running;

/// <summary>Random types without handles, as component text and resolved, and random values of them.</summary>
internal sealed class RandomTypes(Random random)
{
    private const int DepthMax = 4;

    private readonly List<(string Name, string Body)> _definitions = [];

    /// <summary>Definitions of the named types made so far.</summary>
    /// <param name="export">Exported as well, as the engine's own validator demands of types that an exported function uses.</param>
    public string Definitions(bool export)
    {
        var text = new StringBuilder();
        foreach (var (name, body) in _definitions)
        {
            text.AppendLine(export ? $"(type ${name}_ {body}) (export ${name} \"{name}\" (type ${name}_))" : $"(type ${name} {body})");
        }

        return text.ToString();
    }

    public (ValueType Type, string Text) Next(int depth = 0)
    {
        switch (random.Next(depth >= DepthMax ? 13 : 22))
        {
            case < 13:
                return Primitive();
            case 13 or 14:
                var (element, elementText) = Next(depth + 1);
                return (new ListType(element), $"(list {elementText})");
            case 15:
                var (some, someText) = Next(depth + 1);
                return (VariantType.Option(some), $"(option {someText})");
            case 16:
                (ValueType Type, string Text)? ok = random.Next(3) == 0 ? null : Next(depth + 1);
                (ValueType Type, string Text)? error = random.Next(3) == 0 ? null : Next(depth + 1);
                return (VariantType.Result(ok?.Type, error?.Type), $"(result {ok?.Text} {(error is { } e ? $"(error {e.Text})" : "")})");
            case 17:
                var items = Several(1, 4, depth);
                return (RecordType.Tuple([.. items.Select(item => item.Type)]), $"(tuple {string.Join(' ', items.Select(item => item.Text))})");
            case 18:
                var fields = Several(1, 5, depth);
                return (
                    RecordType.Record([.. fields.Select((field, i) => new Member($"f{i}", field.Type))]),
                    Define($"(record {string.Join(' ', fields.Select((field, i) => $"(field \"f{i}\" {field.Text})"))})"));
            case 19:
                var count = random.Next(8) == 0 ? 300 : random.Next(1, 6);
                var cases = Enumerable.Range(0, count)
                    .Select(i => i < 5 && random.Next(3) > 0 ? Next(depth + 1) : ((ValueType Type, string Text)?)null).ToList();
                return (
                    VariantType.Variant([.. cases.Select((item, i) => new Member($"c{i}", item?.Type))]),
                    Define($"(variant {string.Join(' ', cases.Select((item, i) => $"(case \"c{i}\" {item?.Text})"))})"));
            case 20:
                var labels = Enumerable.Range(0, random.Next(6) == 0 ? 260 : random.Next(1, 9)).Select(i => $"e{i}").ToArray();
                return (VariantType.Enum(labels), Define($"(enum {string.Join(' ', labels.Select(label => $"\"{label}\""))})"));
            default:
                var flags = Enumerable.Range(0, random.Next(1, 33)).Select(i => $"b{i}").ToArray();
                return (new FlagsType(flags), Define($"(flags {string.Join(' ', flags.Select(label => $"\"{label}\""))})"));
        }
    }

    public ComponentValue Value(ValueType type) => type switch
    {
        PrimitiveType primitive => Number(primitive.Kind),
        ListType list => Any(list),
        RecordType record => ComponentValue.Record([.. record.Fields.ToArray().Select(field => Value(field.Type!))]),
        VariantType variant => Case(variant),
        FlagsType flags => ComponentValue.Flags((uint)random.NextInt64(0, 1L << flags.Labels.Count)),
        _ => throw new InvalidOperationException(type.ToString()),
    };

    private ComponentValue Any(ListType list)
    {
        var elements = Enumerable.Range(0, random.Next(5)).Select(_ => Value(list.Element)).ToArray();
        return ReferenceEquals(list.Element, PrimitiveType.U8)
            ? ComponentValue.Bytes([.. elements.Select(element => (byte)element.Bits)])
            : ComponentValue.List(elements);
    }

    private ComponentValue Case(VariantType variant)
    {
        var index = random.Next(variant.Cases.Length);
        return ComponentValue.Variant((uint)index, variant.Cases[index].Type is { } payload ? Value(payload) : null);
    }

    private (ValueType Type, string Text) Primitive()
    {
        PrimitiveType[] all =
        [
            PrimitiveType.Bool, PrimitiveType.S8, PrimitiveType.U8, PrimitiveType.S16, PrimitiveType.U16, PrimitiveType.S32, PrimitiveType.U32,
            PrimitiveType.S64, PrimitiveType.U64, PrimitiveType.F32, PrimitiveType.F64, PrimitiveType.Char, PrimitiveType.String,
        ];
        var type = all[random.Next(all.Length)];
        return (type, type.ToString());
    }

    private ComponentValue Number(Primitive kind) => kind switch
    {
        Types.Primitive.Bool => ComponentValue.Bool(random.Next(2) == 1),
        Types.Primitive.S8 => ComponentValue.S8((sbyte)random.Next(-128, 128)),
        Types.Primitive.U8 => ComponentValue.U8((byte)random.Next(256)),
        Types.Primitive.S16 => ComponentValue.S16((short)random.Next(short.MinValue, short.MaxValue + 1)),
        Types.Primitive.U16 => ComponentValue.U16((ushort)random.Next(ushort.MaxValue + 1)),
        Types.Primitive.S32 => ComponentValue.S32((int)random.NextInt64(int.MinValue, 1L + int.MaxValue)),
        Types.Primitive.U32 => ComponentValue.U32((uint)random.NextInt64(0, 1L + uint.MaxValue)),
        Types.Primitive.S64 => ComponentValue.S64(random.NextInt64(long.MinValue, long.MaxValue)),
        Types.Primitive.U64 => ComponentValue.U64((ulong)random.NextInt64(long.MinValue, long.MaxValue)),
        Types.Primitive.F32 => ComponentValue.F32((float)(random.NextDouble() * 1e9)),
        Types.Primitive.F64 => ComponentValue.F64(random.NextDouble() * -1e99),
        Types.Primitive.Char => ComponentValue.Char(Rune()),
        _ => ComponentValue.String(string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => Rune().ToString()))),
    };

    private Rune Rune() => random.Next(4) switch
    {
        0 => new Rune(random.Next(0x20, 0x7f)),
        1 => new Rune(random.Next(0xa0, 0x100)),
        2 => new Rune(random.Next(0x100, 0xd800)),
        _ => new Rune(random.Next(0xe000, 0x110000)),
    };

    private List<(ValueType Type, string Text)> Several(int least, int most, int depth) =>
        [.. Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => Next(depth + 1))];

    private string Define(string body)
    {
        var name = $"t{_definitions.Count}";
        _definitions.Add((name, body));
        return $"${name}";
    }
}
