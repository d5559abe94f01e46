using Microsoft.AspNetCore.Http;
using Skiff.Components.Host;
using Skiff.Engine;
using Skiff.Http.Bindings.Http;
using System.Net.Http.Headers;
using System.Text;

namespace Skiff.Http.Messages;

/// <summary>One field line.</summary>
internal readonly record struct Field(string Name, byte[] Value)
{
    public string Text => Encoding.Latin1.GetString(Value);
}

/// <summary>
/// wasi:http/types.fields: field lines in order. Names keep the case they were given in and compare without it; those that came over
/// the network are in lower case.
/// </summary>
internal sealed class Fields : IFields
{
    private readonly List<Field> _lines;
    private readonly bool _immutable;
    private int _bytes;

    private Fields(List<Field> lines, bool immutable, int bytes) => (_lines, _immutable, _bytes) = (lines, immutable, bytes);

    public Fields()
        : this([], false, 0)
    {
    }

    public IReadOnlyList<Field> Lines => _lines;

    public static Result<Fields, HeaderError> From((string Name, byte[] Value)[] entries)
    {
        var fields = new Fields();
        foreach (var (name, value) in entries)
        {
            if (Check(name) is { } fault)
            {
                return fault;
            }

            if (!FieldRules.IsValue(value))
            {
                return HeaderError.InvalidSyntax;
            }

            fields.Add(name, value);
        }

        return fields;
    }

    /// <summary>What a client sent, as the guest may see it: immutable, and without the connection's own fields.</summary>
    public static Fields Received(IHeaderDictionary headers)
    {
        var lines = new List<Field>(headers.Count);
        var bytes = 0;
        foreach (var (name, values) in headers)
        {
            if (name[0] == ':' || FieldRules.IsForbidden(name))
            {
                continue;
            }

            foreach (var value in values)
            {
                Receive(lines, name, value ?? "", ref bytes);
            }
        }

        return new Fields(lines, immutable: true, bytes);
    }

    /// <summary>What a server sent.</summary>
    public static Fields Received(HttpResponseMessage response, bool trailers)
    {
        var lines = new List<Field>();
        var bytes = 0;
        Receive(lines, (trailers ? response.TrailingHeaders : response.Headers).NonValidated, ref bytes);
        if (!trailers)
        {
            Receive(lines, response.Content.Headers.NonValidated, ref bytes);
        }

        return new Fields(lines, immutable: true, bytes);
    }

    /// <summary>The same lines, not to be changed any more: for headers of a message that has them.</summary>
    public Fields Freeze() => _immutable ? this : new Fields(_lines, immutable: true, _bytes);

    /// <summary>The first value of a field; null for none.</summary>
    public string? First(string name)
    {
        foreach (var line in _lines)
        {
            if (Same(line.Name, name))
            {
                return line.Text;
            }
        }

        return null;
    }

    /// <summary>The host's own word in a field, over whatever was there.</summary>
    public Fields With(string name, string value)
    {
        List<Field> lines = [.. _lines.Where(line => !Same(line.Name, name)), new Field(name, Encoding.Latin1.GetBytes(value))];
        return new Fields(lines, _immutable, _bytes);
    }

    /// <summary>The body's length as the fields promise it; null for none, false where they contradict themselves.</summary>
    public bool TryContentLength(out ulong? length)
    {
        length = null;
        foreach (var line in _lines)
        {
            if (!Same(line.Name, "content-length"))
            {
                continue;
            }

            if (!ulong.TryParse(line.Text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var value)
                || value > long.MaxValue || (length is { } other && other != value))
            {
                return false;
            }

            length = value;
        }

        return true;
    }

    public IReadOnlyList<byte[]> Get(GuestString name)
    {
        var wanted = name.ToString();
        return [.. _lines.Where(line => Same(line.Name, wanted)).Select(line => line.Value)];
    }

    public bool Has(GuestString name)
    {
        var wanted = name.ToString();
        return _lines.Exists(line => Same(line.Name, wanted));
    }

    public Result<Unit, HeaderError> Set(GuestString name, byte[][] value)
    {
        var wanted = name.ToString();
        if (Verdict(wanted) is { } fault)
        {
            return fault;
        }

        if (!Array.TrueForAll(value, one => FieldRules.IsValue(one)))
        {
            return HeaderError.InvalidSyntax;
        }

        Remove(wanted);
        Array.ForEach(value, one => Add(wanted, one));
        return default(Unit);
    }

    public Result<Unit, HeaderError> Delete(GuestString name)
    {
        var wanted = name.ToString();
        if (Verdict(wanted) is { } fault)
        {
            return fault;
        }

        Remove(wanted);
        return default(Unit);
    }

    public Result<Unit, HeaderError> Append(GuestString name, ReadOnlySpan<byte> value)
    {
        var wanted = name.ToString();
        if (Verdict(wanted) is { } fault)
        {
            return fault;
        }

        if (!FieldRules.IsValue(value))
        {
            return HeaderError.InvalidSyntax;
        }

        Add(wanted, value.ToArray());
        return default(Unit);
    }

    public IReadOnlyList<(string, byte[])> Entries() => _lines.ConvertAll(line => (line.Name, line.Value));

    public IFields Clone() => new Fields([.. _lines], immutable: false, _bytes);

    private static HeaderError? Check(string name) =>
        !FieldRules.IsName(name) ? HeaderError.InvalidSyntax : FieldRules.IsForbidden(name) ? HeaderError.Forbidden : null;

    private static bool Same(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);

    private static void Receive(List<Field> lines, HttpHeadersNonValidated headers, ref int bytes)
    {
        foreach (var (name, values) in headers)
        {
            if (FieldRules.IsForbidden(name))
            {
                continue;
            }

            foreach (var value in values)
            {
                Receive(lines, name, value, ref bytes);
            }
        }
    }

    private static void Receive(List<Field> lines, string name, string value, ref int bytes)
    {
        lines.Add(new Field(KnownNames.Lower(name), Encoding.Latin1.GetBytes(value)));
        bytes += name.Length + value.Length;
    }

    private HeaderError? Verdict(string name) => _immutable ? HeaderError.Immutable : Check(name);

    private void Remove(string name)
    {
        for (var i = _lines.Count - 1; i >= 0; i--)
        {
            if (Same(_lines[i].Name, name))
            {
                _bytes -= _lines[i].Name.Length + _lines[i].Value.Length;
                _lines.RemoveAt(i);
            }
        }
    }

    private void Add(string name, byte[] value)
    {
        _bytes += name.Length + value.Length;
        // Also the number of lines is bounded by it: a name has at least one byte, and a line costs us about 80.
        if (_bytes > FieldRules.BytesMax || _lines.Count >= FieldRules.BytesMax / 16)
        {
            throw new GuestTrapException($"fields of more than {FieldRules.BytesMax} bytes");
        }

        _lines.Add(new Field(name, value));
    }
}
