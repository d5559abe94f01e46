using System.Globalization;
using System.Text;
using Skiff.Components.Abi;
using Skiff.Components.Types;

namespace Skiff.Components.Wave;

/// <summary>Writes a value as <see cref="WaveReader"/> reads it, on one line.</summary>
public static class WaveWriter
{
    private static readonly HashSet<string> Keywords = ["true", "false", "inf", "nan", "some", "none", "ok", "err"];

    public static string Write(ComponentValue value, ValueType type)
    {
        var text = new StringBuilder();
        Write(text, value, type);
        return text.ToString();
    }

    private static void Write(StringBuilder text, ComponentValue value, ValueType type)
    {
        switch (type)
        {
            case PrimitiveType primitive:
                Write(text, value, primitive);
                break;
            case ListType list:
                Write(text, value.AsList, '[', ']', _ => list.Element);
                break;
            case FixedListType list:
                Write(text, value.AsList, '[', ']', _ => list.Element);
                break;
            case RecordType { IsTuple: true } tuple:
                Write(text, value.AsRecord, '(', ')', i => tuple.Fields[i].Type!);
                break;
            case RecordType record:
                WriteRecord(text, value.AsRecord, record);
                break;
            case VariantType variant:
                WriteCase(text, value, variant);
                break;
            case FlagsType flags:
                var bits = value.AsFlags;
                text.Append('{').AppendJoin(", ", flags.Labels.Where((_, i) => (bits & (1u << i)) != 0)).Append('}');
                break;
            default:
                // Handles have no text that could be read again.
                text.Append(value.ToString());
                break;
        }
    }

    private static void Write(StringBuilder text, ComponentValue value, PrimitiveType type)
    {
        switch (type.Kind)
        {
            case Primitive.Char:
                text.Append('\'');
                Escape(text, value.AsChar, '\'');
                text.Append('\'');
                break;
            case Primitive.String:
                text.Append('"');
                foreach (var rune in value.AsString.EnumerateRunes())
                {
                    Escape(text, rune, '"');
                }

                text.Append('"');
                break;
            case Primitive.F32:
                Float(text, value.AsF32, value.AsF32.ToString("R", CultureInfo.InvariantCulture));
                break;
            case Primitive.F64:
                Float(text, value.AsF64, value.AsF64.ToString("R", CultureInfo.InvariantCulture));
                break;
            default:
                text.Append(value.ToString());
                break;
        }
    }

    private static void Float(StringBuilder text, double value, string digits) =>
        text.Append(double.IsNaN(value) ? "nan" : double.IsInfinity(value) ? value > 0 ? "inf" : "-inf" : digits);

    private static void Write(StringBuilder text, ComponentValue[] values, char open, char close, Func<int, ValueType> type)
    {
        text.Append(open);
        for (var i = 0; i < values.Length; i++)
        {
            text.Append(i == 0 ? "" : ", ");
            Write(text, values[i], type(i));
        }

        text.Append(close);
    }

    private static void WriteRecord(StringBuilder text, ComponentValue[] values, RecordType type)
    {
        text.Append('{');
        for (var i = 0; i < values.Length; i++)
        {
            text.Append(i == 0 ? "" : ", ").Append(type.Fields[i].Label).Append(": ");
            Write(text, values[i], type.Fields[i].Type!);
        }

        text.Append('}');
    }

    private static void WriteCase(StringBuilder text, ComponentValue value, VariantType type)
    {
        var (label, payload) = type.Cases[(int)value.Case];
        var word = type.Form == VariantForm.Result && label == "error" ? "err" : label;
        var isFree = type.Form is VariantForm.Variant or VariantForm.Enum;
        text.Append(isFree && Keywords.Contains(word) ? "%" : "").Append(word);
        if (payload is not null)
        {
            text.Append('(');
            Write(text, value.Payload!.Value, payload);
            text.Append(')');
        }
    }

    private static void Escape(StringBuilder text, Rune rune, char quote)
    {
        switch (rune.Value)
        {
            case '\t':
                text.Append("\\t");
                break;
            case '\n':
                text.Append("\\n");
                break;
            case '\r':
                text.Append("\\r");
                break;
            case '\\':
                text.Append("\\\\");
                break;
            case var value when value == quote:
                text.Append('\\').Append(quote);
                break;
            case var value when Rune.IsControl(rune):
                text.Append(CultureInfo.InvariantCulture, $"\\u{{{value:x}}}");
                break;
            default:
                text.Append(rune.ToString());
                break;
        }
    }
}
