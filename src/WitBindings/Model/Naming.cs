using System.Linq;

namespace Skiff.WitBindings.Model;

/// <summary>WIT's words with dashes as C# spells names: <c>HTTP-request-URI-invalid</c> is <c>HttpRequestUriInvalid</c>.</summary>
internal static class Naming
{
    private static readonly string[] Keywords =
    [
        "abstract", "as", "base", "bool", "break", "byte", "case", "catch", "char", "checked", "class", "const", "continue", "decimal",
        "default", "delegate", "do", "double", "else", "enum", "event", "explicit", "extern", "false", "finally", "fixed", "float", "for",
        "foreach", "goto", "if", "implicit", "in", "int", "interface", "internal", "is", "lock", "long", "namespace", "new", "null",
        "object", "operator", "out", "override", "params", "private", "protected", "public", "readonly", "ref", "return", "sbyte",
        "sealed", "short", "sizeof", "stackalloc", "static", "string", "struct", "switch", "this", "throw", "true", "try", "typeof",
        "uint", "ulong", "unchecked", "unsafe", "ushort", "using", "virtual", "void", "volatile", "while",
    ];

    public static string Pascal(string label) =>
        string.Concat(label.Split('-').Select(word => word.Substring(0, 1).ToUpperInvariant() + word.Substring(1).ToLowerInvariant()));

    public static string Camel(string label)
    {
        var pascal = Pascal(label);
        var camel = pascal.Substring(0, 1).ToLowerInvariant() + pascal.Substring(1);
        return Keywords.Contains(camel) ? "@" + camel : camel;
    }

    /// <summary>A member may not have the name of its type, nor one that is taken.</summary>
    public static string Member(string label, params string[] taken)
    {
        var name = Pascal(label);
        while (taken.Contains(name))
        {
            name += "_";
        }

        return name;
    }
}
