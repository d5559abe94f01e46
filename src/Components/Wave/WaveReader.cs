using System.Globalization;
using System.Text;
using Skiff.Components.Abi;
using Skiff.Components.Types;

namespace Skiff.Components.Wave;

/// <summary>
/// Reads a value as people type it, in the WebAssembly Value Encoding (WAVE): <c>[1, 2]</c>, <c>{a: true}</c>, <c>some("x")</c>.
/// The type is known, so that a payload of option and result may stand for itself.
/// </summary>
public ref struct WaveReader
{
    private readonly ReadOnlySpan<char> _text;
    private int _position;
    private int _depth;

    private WaveReader(ReadOnlySpan<char> text) => _text = text;

    /// <exception cref="FormatException">The text is no value of the type; the message says where and what is expected.</exception>
    public static ComponentValue Read(ReadOnlySpan<char> text, ValueType type)
    {
        var reader = new WaveReader(text);
        var value = reader.Value(type);
        reader.SkipSpace();
        return reader._position == text.Length ? value : throw reader.Fault("the end");
    }

    private ComponentValue Value(ValueType type)
    {
        // Types nest at most so deep that this recursion is safe; option within option adds a level without text.
        if (++_depth > 2 * ValueType.DepthMax)
        {
            throw Fault("a value that is nested less");
        }

        SkipSpace();
        var value = type switch
        {
            PrimitiveType primitive => Primitive(primitive),
            ListType list => ComponentValue.List([.. Sequence(list.Element, '[', ']')]),
            FixedListType list => FixedList(list),
            RecordType { IsTuple: true } tuple => Tuple(tuple),
            RecordType record => Record(record),
            FlagsType flags => Flags(flags),
            VariantType { Form: VariantForm.Option or VariantForm.Result } variant => OptionOrResult(variant),
            VariantType variant => Variant(variant),
            _ => throw new FormatException($"a value of the type {type} cannot be written as text"),
        };
        _depth--;
        return value;
    }

    private ComponentValue Primitive(PrimitiveType type)
    {
        switch (type.Kind)
        {
            case Types.Primitive.Bool:
                return ComponentValue.Bool(Keyword("true") || (Keyword("false") ? false : throw Fault("true or false")));
            case Types.Primitive.Char:
                var runes = Quoted('\'').EnumerateRunes().ToList();
                return runes.Count == 1 ? ComponentValue.Char(runes[0]) : throw Fault("one character in quotes");
            case Types.Primitive.String:
                return ComponentValue.String(Quoted('"'));
            case Types.Primitive.F32:
                return ComponentValue.F32(float.TryParse(FloatWord(), NumberStyles.Float, CultureInfo.InvariantCulture, out var single) ? single : throw Fault("a number (f32)"));
            case Types.Primitive.F64:
                return ComponentValue.F64(double.TryParse(FloatWord(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : throw Fault("a number (f64)"));
            case Types.Primitive.ErrorContext:
                throw new FormatException("a value of the type error-context cannot be written as text");
            default:
                return Integer(type);
        }
    }

    private ComponentValue Integer(PrimitiveType type)
    {
        var start = _position;
        var word = Word();
        const NumberStyles Style = NumberStyles.AllowLeadingSign;
        var culture = CultureInfo.InvariantCulture;
        ComponentValue? value = type.Kind switch
        {
            Types.Primitive.S8 when sbyte.TryParse(word, Style, culture, out var n) => ComponentValue.S8(n),
            Types.Primitive.U8 when byte.TryParse(word, Style, culture, out var n) => ComponentValue.U8(n),
            Types.Primitive.S16 when short.TryParse(word, Style, culture, out var n) => ComponentValue.S16(n),
            Types.Primitive.U16 when ushort.TryParse(word, Style, culture, out var n) => ComponentValue.U16(n),
            Types.Primitive.S32 when int.TryParse(word, Style, culture, out var n) => ComponentValue.S32(n),
            Types.Primitive.U32 when uint.TryParse(word, Style, culture, out var n) => ComponentValue.U32(n),
            Types.Primitive.S64 when long.TryParse(word, Style, culture, out var n) => ComponentValue.S64(n),
            Types.Primitive.U64 when ulong.TryParse(word, Style, culture, out var n) => ComponentValue.U64(n),
            _ => null,
        };
        if (value is { } integer)
        {
            return integer;
        }

        _position = start;
        throw Fault($"a whole number ({type})");
    }

    // The next word as .NET reads it; nothing is taken if it is no number.
    private string? FloatWord()
    {
        var start = _position;
        switch (Word().ToString())
        {
            case "nan":
                return "NaN";
            case "inf":
                return "Infinity";
            case "-inf":
                return "-Infinity";
            case [.., >= '0' and <= '9' or '.'] word when double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out _):
                return word;
            default:
                _position = start;
                return null;
        }
    }

    private ComponentValue FixedList(FixedListType type)
    {
        var elements = Sequence(type.Element, '[', ']');
        return elements.Count == type.Length ? ComponentValue.List([.. elements]) : throw Fault($"{type.Length} elements, not {elements.Count}");
    }

    private List<ComponentValue> Sequence(ValueType element, char open, char close)
    {
        Expect(open);
        var elements = new List<ComponentValue>();
        while (!Try(close))
        {
            elements.Add(Value(element));
            if (!Try(','))
            {
                Expect(close);
                break;
            }
        }

        return elements;
    }

    private ComponentValue Tuple(RecordType type)
    {
        Expect('(');
        var fields = new ComponentValue[type.Fields.Length];
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = Value(type.Fields[i].Type!);
            if (i < fields.Length - 1)
            {
                Expect(',');
            }
        }

        Try(',');
        Expect(')');
        return ComponentValue.Record(fields);
    }

    // Fields in any order; those of an option type may be left out.
    private ComponentValue Record(RecordType type)
    {
        Expect('{');
        var fields = new ComponentValue?[type.Fields.Length];
        if (Try(':'))
        {
            Expect('}');
        }
        else
        {
            while (!Try('}'))
            {
                var label = Label();
                var index = IndexOf(type.Fields, label);
                if (index < 0 || fields[index] is not null)
                {
                    throw Fault(index < 0 ? $"a field of {type}, which '{label}' is not," : $"'{label}' once");
                }

                Expect(':');
                fields[index] = Value(type.Fields[index].Type!);
                if (!Try(','))
                {
                    Expect('}');
                    break;
                }
            }
        }

        var values = new ComponentValue[fields.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = fields[i] ?? (type.Fields[i].Type is VariantType { Form: VariantForm.Option }
                ? ComponentValue.None
                : throw Fault($"the field '{type.Fields[i].Label}' before the end of the record"));
        }

        return ComponentValue.Record(values);
    }

    private ComponentValue Flags(FlagsType type)
    {
        Expect('{');
        var bits = 0u;
        while (!Try('}'))
        {
            var label = Label();
            var index = 0;
            while (index < type.Labels.Count && type.Labels[index] != label)
            {
                index++;
            }

            bits |= index < type.Labels.Count ? 1u << index : throw Fault($"a label of {type}, which '{label}' is not,");
            if (!Try(','))
            {
                Expect('}');
                break;
            }
        }

        return ComponentValue.Flags(bits);
    }

    private ComponentValue Variant(VariantType type)
    {
        var start = _position;
        var label = Label();
        var index = IndexOf(type.Cases, label);
        if (index < 0)
        {
            _position = start;
            throw Fault($"a case of {type}");
        }

        return Case(type, index);
    }

    // none, some(x), ok(x), err(x), ok, err; or the payload of some or ok by itself.
    private ComponentValue OptionOrResult(VariantType type)
    {
        var isOption = type.Form == VariantForm.Option;
        if (Keyword(isOption ? "none" : "err"))
        {
            return isOption ? ComponentValue.None : Case(type, 1);
        }

        var usual = isOption ? 1 : 0;
        if (Keyword(isOption ? "some" : "ok"))
        {
            return Case(type, usual);
        }

        return type.Cases[usual].Type is { } payload and not VariantType { Form: VariantForm.Option or VariantForm.Result }
            ? ComponentValue.Variant((uint)usual, Value(payload))
            : throw Fault(isOption ? "none or some(…)" : "ok or err");
    }

    private ComponentValue Case(VariantType type, int index)
    {
        if (type.Cases[index].Type is not { } payload)
        {
            return ComponentValue.Variant((uint)index);
        }

        Expect('(');
        var value = Value(payload);
        Try(',');
        Expect(')');
        return ComponentValue.Variant((uint)index, value);
    }

    private static int IndexOf(ReadOnlySpan<Member> members, string label)
    {
        for (var i = 0; i < members.Length; i++)
        {
            if (members[i].Label == label)
            {
                return i;
            }
        }

        return -1;
    }

    private string Quoted(char quote)
    {
        if (Peek() != quote)
        {
            throw Fault(quote == '"' ? "a text in double quotes" : "a character in single quotes");
        }

        _position++;
        var text = new StringBuilder();
        while (Peek() is var next && next != quote)
        {
            if (next is '\0' && _position >= _text.Length)
            {
                throw Fault($"the closing {quote}");
            }

            _position++;
            if (next == '\\')
            {
                Escape(text);
            }
            else
            {
                text.Append(next);
            }
        }

        _position++;
        return text.ToString();
    }

    private void Escape(StringBuilder text)
    {
        var escape = Peek();
        _position++;
        switch (escape)
        {
            case 't':
                text.Append('\t');
                break;
            case 'n':
                text.Append('\n');
                break;
            case 'r':
                text.Append('\r');
                break;
            case '"' or '\'' or '\\':
                text.Append(escape);
                break;
            case 'u' when Peek() == '{' && _text[_position..].IndexOf('}') is var end and > 1
                && uint.TryParse(_text.Slice(_position + 1, end - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var scalar)
                && Rune.IsValid(scalar):
                _position += end + 1;
                text.Append(new Rune(scalar));
                break;
            default:
                _position--;
                throw Fault("an escape: \\t \\n \\r \\\" \\' \\\\ \\u{HEX}");
        }
    }

    // A label; % before it lets it look like a keyword.
    private string Label()
    {
        SkipSpace();
        Try('%');
        var label = Word().ToString();
        return label.Length > 0 ? label : throw Fault("a name");
    }

    private bool Keyword(string word)
    {
        var start = _position;
        if (Word().SequenceEqual(word))
        {
            return true;
        }

        _position = start;
        return false;
    }

    private ReadOnlySpan<char> Word()
    {
        var start = _position;
        while (_position < _text.Length && (char.IsAsciiLetterOrDigit(_text[_position]) || _text[_position] is '-' or '+' or '.' or '_'))
        {
            _position++;
        }

        return _text[start.._position];
    }

    private bool Try(char symbol)
    {
        SkipSpace();
        if (Peek() != symbol)
        {
            return false;
        }

        _position++;
        return true;
    }

    private void Expect(char symbol)
    {
        if (!Try(symbol))
        {
            throw Fault($"'{symbol}'");
        }
    }

    private void SkipSpace()
    {
        while (_position < _text.Length && char.IsWhiteSpace(_text[_position]))
        {
            _position++;
        }
    }

    private readonly char Peek() => _position < _text.Length ? _text[_position] : '\0';

    private readonly FormatException Fault(string expected)
    {
        var found = _position < _text.Length ? $"'{_text[_position..Math.Min(_text.Length, _position + 20)]}'" : "the end";
        return new FormatException($"{expected} is expected at character {_position + 1}, where {found} is");
    }
}
