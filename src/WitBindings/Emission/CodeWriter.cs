using System;
using System.Collections.Generic;
using System.Text;

namespace Skiff.WitBindings.Emission;

/// <summary>Lines of C# with their indentation, and local names that do not clash.</summary>
internal sealed class CodeWriter
{
    private readonly StringBuilder _text = new();
    private readonly HashSet<string> _locals = [];
    private int _indent;

    public void Line(string line = "")
    {
        if (line.Length > 0)
        {
            _text.Append(' ', _indent * 4).Append(line);
        }

        _text.Append('\n');
    }

    public void Open(string? head = null)
    {
        if (head is not null)
        {
            Line(head);
        }

        Line("{");
        _indent++;
    }

    public void Close(string end = "}")
    {
        _indent--;
        Line(end);
    }

    public void Summary(string docs)
    {
        if (docs.Length > 0)
        {
            Line($"/// <summary>{docs.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("\n", " ")}</summary>");
        }
    }

    /// <summary>A body with one set of local names; <paramref name="taken"/> are its parameters.</summary>
    public void Method(string head, string[] taken, Action body)
    {
        _locals.Clear();
        _locals.UnionWith(taken);
        Open(head);
        body();
        Close();
    }

    public string Local(string wish)
    {
        for (var number = 1; ; number++)
        {
            var name = number == 1 ? wish : wish.TrimStart('@') + number.ToString();
            if (_locals.Add(name.TrimStart('@')))
            {
                return name;
            }
        }
    }

    public override string ToString() => _text.ToString();
}
