using System;
using System.Collections.Generic;
using System.Linq;
using Skiff.WitBindings.Model;

namespace Skiff.WitBindings.Emission;

/// <summary>
/// Where a value is that a guest passes: in flat slots from a number on (after that in the variable <paramref name="Base"/>, if it has
/// one), or in memory, in the span <paramref name="Base"/>.
/// </summary>
internal readonly record struct Source(bool IsFlat, string Base, uint At)
{
    public Source Plus(uint distance) => this with { At = At + distance };

    public string Slot(uint distance = 0) => Base.Length == 0 ? $"{At + distance}" : At + distance == 0 ? Base : $"{Base} + {At + distance}";

    public override string ToString() => IsFlat ? Slot() : $"{Base}, {At}";
}

/// <summary>Writes the statements that make C# values of what a guest passes; nothing of this runs guest code.</summary>
internal sealed class Lifting(CodeWriter writer, CSharpTypes types, Worklist<(INamedType Type, bool IsFlat)> helpers)
{
    /// <summary>Handles are lent until the last parameter is lifted (a function that takes one resource owned and borrowed).</summary>
    public bool Lends { get; set; }

    /// <summary>Returns the expression of the value, after the statements that it needs.</summary>
    public string Value(WitType type, Source source, Position position, string name)
    {
        switch (type)
        {
            case PrimitiveType primitive:
                return source.IsFlat ? $"call.{primitive.Kind}({source})" : $"Load.{primitive.Kind}({source})";
            case StringType:
                return $"call.{(position == Position.Parameter ? "Text" : "String")}({Pair(source)})";
            case ListType { Blittable: { } number }:
                return (number.Kind == Primitive.U8 ? "call.Bytes" : $"call.List<{CSharpTypes.Of(number.Kind)}>") + $"({Pair(source)})"
                    + (position == Position.Parameter ? "" : ".ToArray()");
            case ListType list:
                return List(list, source, name);
            case HandleType handle:
                var take = handle.IsOwn ? "Own" : Lends ? "Lend" : "Borrow";
                return $"call.{take}<{types.Of(handle.Resource)}>({U32(source)}, {types.Field(handle.Resource)})";
            case EnumType enumeration:
                return $"({types.Of(type, position)}){Case(enumeration, source)}";
            case FlagsType flags:
                return Flags(flags, source);
            case OptionType option:
                return Option(option, source, name);
            case ResultType result:
                return Result(result, source, name);
            case INamedType named:
                helpers.Add((named, source.IsFlat));
                return $"Lift{named.Name.CSharp}(ref call, {(source.IsFlat ? source.Slot() : source.At == 0 ? source.Base : $"{source.Base}[{source.At}..]")})";
            default:
                var tuple = (TupleType)type;
                var items = Fields(tuple, source, (i, _) => $"{name.TrimStart('@')}{i}").ToList();
                return items.Count == 1 ? $"new ValueTuple<{types.Of(tuple.Fields[0], Position.Nested)}>({items[0]})" : $"({string.Join(", ", items)})";
        }
    }

    /// <summary>The function that lifts a record or variant, for <see cref="Value"/> to call.</summary>
    public void Helper(INamedType named, bool isFlat)
    {
        var name = types.Of((WitType)named, Position.Nested);
        var source = new Source(isFlat, isFlat ? "slot" : "memory", 0);
        writer.Line();
        writer.Method(
            $"private static {name} Lift{named.Name.CSharp}(ref ComponentCall call, {(isFlat ? "int slot" : "ReadOnlySpan<byte> memory")})",
            ["call", "slot", "memory"],
            () =>
            {
                if (named is RecordType record)
                {
                    var fields = Fields(record, source, (i, _) => Naming.Camel(record.Members[i].Name)).ToList();
                    writer.Line($"return new {name}({string.Join(", ", fields)});");
                }
                else
                {
                    Variant((VariantType)named, source, name);
                }
            });
    }

    private void Variant(VariantType variant, Source source, string name)
    {
        writer.Open($"switch ({Case(variant, source)})");
        for (var i = 0; i < variant.Cases.Count; i++)
        {
            writer.Line(i == variant.Cases.Count - 1 ? "default:" : $"case {i}:");
            writer.Open();
            var factory = $"{name}.{DeclarationEmitter.CaseName(variant, i)}";
            var payload = variant.Cases[i] is { } type ? $"({Value(type, Payload(variant, source), Position.Nested, "payload")})" : "";
            writer.Line($"return {factory}{payload};");
            writer.Close();
        }

        writer.Close();
    }

    private IEnumerable<string> Fields(TupleType tuple, Source source, Func<int, WitType, string> name)
    {
        uint slot = 0;
        for (var i = 0; i < tuple.Fields.Count; i++)
        {
            yield return Value(tuple.Fields[i], source.Plus(source.IsFlat ? slot : tuple.Offsets[i]), Position.Nested, name(i, tuple.Fields[i]));
            slot += (uint)tuple.Fields[i].Flat.Count;
        }
    }

    private string List(ListType list, Source source, string name)
    {
        var element = types.Of(list.Element, Position.Nested);
        var (size, alignment) = (list.Element.Size, list.Element.Alignment);
        var elements = writer.Local(name + "Elements");
        var array = writer.Local(name);
        var index = writer.Local("i");
        var item = writer.Local(name + "Element");
        writer.Line($"var {elements} = call.Elements({Pair(source)}, {size}, {alignment});");
        writer.Line($"var {array} = new {Array(element, $"{elements}.Length / {size}")};");
        writer.Open($"for (var {index} = 0; {index} < {array}.Length; {index}++)");
        writer.Line($"var {item} = {elements}.Slice({index} * {size}, {size});");
        writer.Line($"{array}[{index}] = {Value(list.Element, new Source(false, item, 0), Position.Nested, name + "Item")};");
        writer.Close();
        return array;
    }

    // The length stands before the brackets of the element's own arrays: new byte[3][].
    private static string Array(string element, string length)
    {
        var brackets = "";
        while (element.EndsWith("[]"))
        {
            element = element.Substring(0, element.Length - 2);
            brackets += "[]";
        }

        return $"{element}[{length}]{brackets}";
    }

    private string Option(OptionType option, Source source, string name)
    {
        if (IsExpression(option.Some) && option.Some is not OptionType)
        {
            return $"{Case(option, source)} == 0 ? default({types.Of(option, Position.Nested)}) : {Value(option.Some, Payload(option, source), Position.Nested, name)}";
        }

        var local = writer.Local(name);
        writer.Line($"{types.Of(option, Position.Nested)} {local} = null;");
        writer.Open($"if ({Case(option, source)} != 0)");
        var value = Value(option.Some, Payload(option, source), Position.Nested, name + "Value");
        writer.Line(option.Some is OptionType inner
            ? $"{local} = new Some<{types.Of(inner, Position.Nested)}>({value});"
            : $"{local} = {value};");
        writer.Close();
        return local;
    }

    private string Result(ResultType result, Source source, string name)
    {
        var type = types.Of(result, Position.Nested);
        if (IsExpression(result.Ok) && IsExpression(result.Error))
        {
            return $"{Case(result, source)} == 0 ? {type}.Ok({Side(result.Ok)}) : {type}.Error({Side(result.Error)})";
        }

        var local = writer.Local(name);
        writer.Line($"{type} {local};");
        writer.Open($"if ({Case(result, source)} == 0)");
        writer.Line($"{local} = {type}.Ok({Side(result.Ok)});");
        writer.Close();
        writer.Open("else");
        writer.Line($"{local} = {type}.Error({Side(result.Error)});");
        writer.Close();
        return local;

        string Side(WitType? side) => side is null ? "default" : Value(side, Payload(result, source), Position.Nested, name + "Value");
    }

    // Everything else needs statements before its value is there; an expression within ?: would need parentheses.
    private static bool IsExpression(WitType? type) =>
        type is null or PrimitiveType or StringType or ListType { Blittable: not null } or HandleType or EnumType or FlagsType or RecordType or VariantType;

    private string Flags(FlagsType flags, Source source)
    {
        var value = source.IsFlat ? U32(source) : $"Load.U{flags.Size * 8}({source})";
        var mask = (uint)((1UL << flags.Members.Count) - 1);
        return $"({types.Of(flags, Position.Nested)})({value} & 0x{mask:x})";
    }

    private static string Case(CasesType type, Source source) => source.IsFlat
        ? $"call.Case({source}, {type.Cases.Count})"
        : $"ComponentCall.CheckCase(Load.U{type.DiscriminantSize * 8}({source}), {type.Cases.Count})";

    private static Source Payload(CasesType type, Source source) => source.Plus(source.IsFlat ? 1 : type.PayloadOffset);

    private static string U32(Source source) => source.IsFlat ? $"call.U32({source})" : $"Load.U32({source})";

    private static string Pair(Source source) => $"{U32(source)}, {U32(source.Plus(source.IsFlat ? 1u : 4u))}";
}
