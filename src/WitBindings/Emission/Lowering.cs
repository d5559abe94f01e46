using System.Linq;
using Skiff.WitBindings.Model;

namespace Skiff.WitBindings.Emission;

/// <summary>
/// A place in the guest's memory that is being written, seen through a span. Allocating in the guest makes the span stale, and so a
/// statement that takes it again follows each allocation.
/// </summary>
/// <param name="Address">An expression without side effects.</param>
internal sealed record Target(string Span, string Address, string Again);

/// <summary>Writes the statements that put C# values into the guest's memory, or into the one flat result.</summary>
internal sealed class Lowering(CodeWriter writer, CSharpTypes types, Worklist<INamedType> helpers)
{
    /// <summary>Returns a value that flattens to one core value.</summary>
    public void Flat(WitType type, string value) => writer.Line($"call.Return({FlatValue(type, value)});");

    public void Memory(WitType type, string value, Position position, Target target, uint at, string name)
    {
        switch (type)
        {
            case PrimitiveType primitive:
                Store(primitive.Kind.ToString(), target, at, value);
                break;
            case StringType:
                Pair($"call.Lower({value})", target, at, name);
                break;
            case ListType { Blittable: { } number }:
                var span = position == Position.Result ? $"{value}.Span" : value;
                Pair(number.Kind == Primitive.U8 ? $"call.Lower({span})" : $"call.LowerList<{CSharpTypes.Of(number.Kind)}>({span})", target, at, name);
                break;
            case ListType list:
                List(list, value, position, target, at, name);
                break;
            case HandleType handle:
                Store("U32", target, at, $"call.NewOwn({value}, {types.Field(handle.Resource)})");
                break;
            case EnumType or FlagsType:
                Store($"U{type.Size * 8}", target, at, $"({Integer(type.Size)}){value}");
                break;
            case OptionType option:
                Option(option, value, position, target, at, name);
                break;
            case ResultType result:
                Result(result, value, position, target, at, name);
                break;
            case INamedType named:
                Named(named, type, value, target, at);
                break;
            default:
                var tuple = (TupleType)type;
                for (var i = 0; i < tuple.Fields.Count; i++)
                {
                    Memory(tuple.Fields[i], $"{value}.Item{i + 1}", CSharpTypes.Inner(position), target, at + tuple.Offsets[i], name + (i + 1));
                }

                break;
        }
    }

    /// <summary>The function that lowers a record or variant, for <see cref="Memory"/> to call.</summary>
    public void Helper(INamedType named)
    {
        var type = (WitType)named;
        var place = type.HasPointers ? "uint address" : "Span<byte> memory";
        writer.Line();
        writer.Method(
            $"private static void Lower{named.Name.CSharp}(ref ComponentCall call, {place}, {types.Of(type, Position.Nested)} value)",
            ["call", "address", "memory", "value"],
            () =>
            {
                var target = new Target("memory", "address", $"call.Memory(address, {type.Size}, {type.Alignment})");
                if (type.HasPointers)
                {
                    writer.Line($"var memory = {target.Again};");
                }

                if (named is RecordType record)
                {
                    for (var i = 0; i < record.Fields.Count; i++)
                    {
                        var field = DeclarationEmitter.FieldName(record, i);
                        Memory(record.Fields[i], $"value.{field}", Position.Nested, target, record.Offsets[i], Naming.Camel(record.Members[i].Name));
                    }
                }
                else
                {
                    Variant((VariantType)named, target);
                }
            });
    }

    private void Named(INamedType named, WitType type, string value, Target target, uint at)
    {
        helpers.Add(named);
        if (type.HasPointers)
        {
            writer.Line($"Lower{named.Name.CSharp}(ref call, {target.Address}{(at == 0 ? "" : $" + {at}")}, {value});");
            Renew(target);
        }
        else
        {
            writer.Line($"Lower{named.Name.CSharp}(ref call, {target.Span}{(at == 0 ? "" : $"[{at}..]")}, {value});");
        }
    }

    private void Variant(VariantType variant, Target target)
    {
        var kind = $"{types.Of(variant, Position.Nested)}.{DeclarationEmitter.KindName(variant)}";
        Store($"U{variant.DiscriminantSize * 8}", target, 0, $"({Integer(variant.DiscriminantSize)})value.Case");
        if (!variant.Cases.Any(type => type is not null))
        {
            return;
        }

        writer.Open("switch (value.Case)");
        for (var i = 0; i < variant.Cases.Count; i++)
        {
            if (variant.Cases[i] is { } type)
            {
                var name = Naming.Pascal(variant.Members[i].Name);
                writer.Line($"case {kind}.{name}:");
                writer.Open();
                var payload = writer.Local(Naming.Camel(variant.Members[i].Name));
                writer.Line($"var {payload} = value.As{name};");
                Memory(type, payload, Position.Nested, target, variant.PayloadOffset, payload);
                writer.Line("break;");
                writer.Close();
            }
        }

        writer.Close();
    }

    private void List(ListType list, string value, Position position, Target target, uint at, string wish)
    {
        var (size, alignment) = (list.Element.Size, list.Element.Alignment);
        var name = wish.TrimStart('@');
        var items = writer.Local(name + "Items");
        var length = writer.Local(name + "Length");
        var address = writer.Local(name + "Address");
        var index = writer.Local("i");
        writer.Line($"var {items} = {value};");
        writer.Line($"var {length} = {items}.{(position == Position.Result ? "Count" : "Length")};");
        writer.Line($"var {address} = call.AllocateList({length}, {size}, {alignment});");
        writer.Open($"for (var {index} = 0; {index} < {length}; {index}++)");
        var item = writer.Local(name + "Item");
        writer.Line($"var {item} = {items}[{index}];");
        Element(list.Element, item, $"{address} + ((uint){index} * {size})", name);
        writer.Close();
        Renew(target);
        Store("U32", target, at, address);
        Store("U32", target, at + 4, $"(uint){length}");
    }

    private void Element(WitType element, string item, string address, string name)
    {
        if (element is RecordType or VariantType && element.HasPointers)
        {
            var named = (INamedType)element;
            helpers.Add(named);
            writer.Line($"Lower{named.Name.CSharp}(ref call, {address}, {item});");
            return;
        }

        var span = writer.Local(name + "Memory");
        var target = new Target(span, address, $"call.Memory({address}, {element.Size}, {element.Alignment})");
        writer.Line($"var {span} = {target.Again};");
        Memory(element, item, Position.Nested, target, 0, item);
    }

    private void Option(OptionType option, string value, Position position, Target target, uint at, string name)
    {
        var some = writer.Local(name.TrimStart('@') + "Value");
        writer.Open($"if ({value} is {{ }} {some})");
        Store("U8", target, at, "1");
        var inner = option.Some is OptionType ? $"{some}.Value" : some;
        Memory(option.Some, inner, CSharpTypes.Inner(position), target, at + option.PayloadOffset, some);
        writer.Close();
        writer.Open("else");
        Store("U8", target, at, "0");
        writer.Close();
    }

    private void Result(ResultType result, string value, Position position, Target target, uint at, string name)
    {
        writer.Open($"if ({value}.IsOk)");
        Side("0", result.Ok, "Value", "Ok");
        writer.Close();
        writer.Open("else");
        Side("1", result.Error, "ErrorValue", "Error");
        writer.Close();

        void Side(string discriminant, WitType? side, string property, string suffix)
        {
            Store("U8", target, at, discriminant);
            if (side is not null)
            {
                var local = writer.Local(name.TrimStart('@') + suffix);
                writer.Line($"var {local} = {value}.{property};");
                Memory(side, local, CSharpTypes.Inner(position), target, at + result.PayloadOffset, local);
            }
        }
    }

    private void Pair(string lowered, Target target, uint at, string wish)
    {
        var name = wish.TrimStart('@');
        var (address, length) = (writer.Local(name + "Address"), writer.Local(name + "Length"));
        writer.Line($"var ({address}, {length}) = {lowered};");
        Renew(target);
        Store("U32", target, at, address);
        Store("U32", target, at + 4, length);
    }

    private void Renew(Target target) => writer.Line($"{target.Span} = {target.Again};");

    private void Store(string kind, Target target, uint at, string value) => writer.Line($"Store.{kind}({target.Span}, {at}, {value});");

    private string FlatValue(WitType type, string value) => type switch
    {
        PrimitiveType { Kind: Primitive.U8 or Primitive.U16 } => $"(uint){value}",
        PrimitiveType { Kind: Primitive.S8 or Primitive.S16 } => $"(int){value}",
        HandleType handle => $"call.NewOwn({value}, {types.Field(handle.Resource)})",
        EnumType or FlagsType => $"(uint){value}",
        // Only discriminants are left: with any payload there would be two values.
        VariantType => $"(uint){value}.Case",
        ResultType => $"{value}.IsOk ? 0u : 1u",
        RecordType record => FlatValue(record.Fields[0], $"{value}.{DeclarationEmitter.FieldName(record, 0)}"),
        TupleType tuple => FlatValue(tuple.Fields[0], $"{value}.Item1"),
        _ => value,
    };

    private static string Integer(uint size) => size switch
    {
        1 => "byte",
        2 => "ushort",
        _ => "uint",
    };
}
