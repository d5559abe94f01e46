using System.Buffers;
using System.Text.Json;

namespace Skiff.Oci.Runtime;

/// <summary>
/// Edits a JSON document in the places it is asked to and copies all other bytes as they are, so that what we do not know
/// (newer members of the spec, number formats, order) survives. Places are JSON Pointers (RFC 6901); <c>/-</c> behind an
/// array appends to it as in JSON Patch (RFC 6902). A missing object or array on the way is made.
/// </summary>
/// <param name="json">The document: an object.</param>
public sealed class SpecEditor(ReadOnlyMemory<byte> json)
{
    private readonly Edit _root = new();

    /// <summary>Replaces the value at <paramref name="place"/>, or adds it.</summary>
    public SpecEditor Set(string place, string value) => SetRaw(place, Quoted(value));

    public SpecEditor Set(string place, bool value) => SetRaw(place, value ? "true"u8.ToArray() : "false"u8.ToArray());

    public SpecEditor Set(string place, IEnumerable<string> values) => SetRaw(place, Quoted(values));

    /// <summary>Replaces the value at <paramref name="place"/>, or adds it; <paramref name="value"/> is JSON.</summary>
    public SpecEditor SetRaw(string place, byte[] value)
    {
        var edit = _root;
        var names = place.Split('/');
        if (names[0].Length != 0 || names.Length < 2)
        {
            throw new ArgumentException($"'{place}' is no JSON Pointer to a member.", nameof(place));
        }

        for (var i = 1; i < names.Length; i++)
        {
            var name = names[i].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (name == "-")
            {
                edit.Appended.Add(value);
                return this;
            }

            edit = edit.Child(name);
        }

        edit.Value = value;
        return this;
    }

    /// <summary>The edited document.</summary>
    /// <exception cref="OciFormatException">A place leads through a value that is neither object nor array, or the JSON is malformed.</exception>
    public byte[] ToJson()
    {
        var copy = new Copy(json.Span);
        try
        {
            return copy.Run(_root);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new OciFormatException($"This is not JSON: {fault.Message}", fault);
        }
    }

    /// <summary>A text as a JSON string.</summary>
    public static byte[] Quoted(string text) => [(byte)'"', .. Encoded(text), (byte)'"'];

    private static byte[] Quoted(IEnumerable<string> values)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write("["u8);
        var separator = ReadOnlySpan<byte>.Empty;
        foreach (var value in values)
        {
            buffer.Write(separator);
            buffer.Write(Quoted(value));
            separator = ","u8;
        }

        buffer.Write("]"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> Encoded(string text) => JsonEncodedText.Encode(text).EncodedUtf8Bytes;

    /// <summary>What is to be done with one value: replaced, or changed inside.</summary>
    private sealed class Edit
    {
        private Dictionary<string, Edit>? _children;

        public byte[]? Value { get; set; }

        public List<byte[]> Appended { get; } = [];

        public IReadOnlyDictionary<string, Edit> Children => _children ??= [];

        public Edit Child(string name)
        {
            _children ??= [];
            if (!_children.TryGetValue(name, out var child))
            {
                _children[name] = child = new Edit();
            }

            return child;
        }

        /// <summary>The value where the document has none.</summary>
        public byte[] Made()
        {
            if (Value is not null)
            {
                return Value;
            }

            var buffer = new ArrayBufferWriter<byte>();
            var isArray = Appended.Count > 0;
            buffer.Write(isArray ? "["u8 : "{"u8);
            var separator = ReadOnlySpan<byte>.Empty;
            foreach (var element in Appended)
            {
                buffer.Write(separator);
                buffer.Write(element);
                separator = ","u8;
            }

            foreach (var (name, child) in Children)
            {
                buffer.Write(separator);
                buffer.Write(Quoted(name));
                buffer.Write(":"u8);
                buffer.Write(child.Made());
                separator = ","u8;
            }

            buffer.Write(isArray ? "]"u8 : "}"u8);
            return buffer.WrittenSpan.ToArray();
        }
    }

    /// <summary>One pass over the document: reader in front, copy of the untouched bytes behind it.</summary>
    private ref struct Copy
    {
        private readonly ReadOnlySpan<byte> _source;
        private readonly ArrayBufferWriter<byte> _target;
        private Utf8JsonReader _json;
        private int _copied;

        public Copy(ReadOnlySpan<byte> source)
        {
            _source = source;
            _target = new ArrayBufferWriter<byte>(source.Length + 1024);
            _json = new Utf8JsonReader(source, new JsonReaderOptions { MaxDepth = SpecReader.DepthMax });
        }

        public byte[] Run(Edit root)
        {
            _json.Read();
            Value(root, "");
            _json.Read();
            CopyTo(_source.Length);
            return _target.WrittenSpan.ToArray();
        }

        // The reader stands on the first token of a value, and afterwards on its last.
        private void Value(Edit edit, string place)
        {
            if (edit.Value is not null || _json.TokenType == JsonTokenType.Null)
            {
                CopyTo((int)_json.TokenStartIndex);
                _json.Skip();
                _target.Write(edit.Made());
                _copied = (int)_json.BytesConsumed;
            }
            else if (_json.TokenType == JsonTokenType.StartObject && edit.Appended.Count == 0)
            {
                Members(edit, place);
            }
            else if (_json.TokenType == JsonTokenType.StartArray)
            {
                Elements(edit, place);
            }
            else
            {
                throw new OciFormatException($"'{place}' cannot be changed: there is {_json.TokenType} (at byte {_json.TokenStartIndex}).");
            }
        }

        private void Members(Edit edit, string place)
        {
            var missing = new HashSet<string>(edit.Children.Keys);
            var isEmpty = true;
            while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
            {
                isEmpty = false;
                var name = _json.GetString()!;
                _json.Read();
                if (edit.Children.TryGetValue(name, out var child))
                {
                    // Of a name that comes twice every occurrence is changed: parsers differ in which one they take.
                    missing.Remove(name);
                    Value(child, $"{place}/{name}");
                }
                else
                {
                    _json.Skip();
                }
            }

            foreach (var name in missing)
            {
                Insert([.. Quoted(name), (byte)':', .. edit.Children[name].Made()], ref isEmpty);
            }
        }

        private void Elements(Edit edit, string place)
        {
            var isEmpty = true;
            for (var index = 0; _json.Read() && _json.TokenType != JsonTokenType.EndArray; index++)
            {
                isEmpty = false;
                var name = index.ToString(System.Globalization.CultureInfo.InvariantCulture);
                if (edit.Children.TryGetValue(name, out var child))
                {
                    Value(child, $"{place}/{name}");
                }
                else
                {
                    _json.Skip();
                }
            }

            foreach (var element in edit.Appended)
            {
                Insert(element, ref isEmpty);
            }
        }

        // The reader stands on the closing bracket.
        private void Insert(byte[] value, ref bool isEmpty)
        {
            CopyTo((int)_json.TokenStartIndex);
            _target.Write(isEmpty ? ""u8 : ","u8);
            _target.Write(value);
            isEmpty = false;
        }

        private void CopyTo(int end)
        {
            if (end > _copied)
            {
                _target.Write(_source[_copied..end]);
                _copied = end;
            }
        }
    }
}
