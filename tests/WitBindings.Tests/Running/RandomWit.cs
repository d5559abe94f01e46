using System.Text;

namespace Skiff.WitBindings.Tests.Running;

/// <summary>A WIT interface whose functions give back what they get, of random types.</summary>
internal sealed class RandomWit(Random random)
{
    private const int DepthMax = 4;
    private const int Spilling = 17;

    private static readonly string[] Primitives =
        ["bool", "u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "char", "string"];

    private readonly StringBuilder _definitions = new();
    private int _named;

    /// <param name="types">For each there are two functions: as it is, and so that parameters and result go through memory.</param>
    public string Package(int types)
    {
        var functions = new StringBuilder();
        for (var i = 0; i < types; i++)
        {
            var type = Type(0);
            var more = string.Concat(Enumerable.Range(0, Spilling).Select(n => $", p{n}: u64"));
            functions.Append($"  f{i}: func(v: {type}) -> {type};\n  s{i}: func(v: {type}{more}) -> tuple<{type}, u64>;\n");
        }

        return $"package random:types@1.0.0;\ninterface echo {{\n{_definitions}{functions}}}\n";
    }

    private string Type(int depth)
    {
        switch (random.Next(depth >= DepthMax ? 13 : 24))
        {
            case < 13:
                return Primitives[random.Next(Primitives.Length)];
            case 13 or 14 or 15:
                return $"list<{Type(depth + 1)}>";
            case 16 or 17:
                return $"option<{Type(depth + 1)}>";
            case 18:
                var error = Type(depth + 1);
                return random.Next(4) switch
                {
                    0 => "result",
                    1 => $"result<{error}>",
                    2 => $"result<_, {error}>",
                    _ => $"result<{Type(depth + 1)}, {error}>",
                };
            case 19 or 20:
                return $"tuple<{Joined(random.Next(1, 5), _ => Type(depth + 1))}>";
            case 21:
                return Define("record", Joined(random.Next(1, 6), i => $"f{i}: {Type(depth + 1)}"));
            case 22:
                return Define("variant", Joined(
                    random.Next(8) == 0 ? 300 : random.Next(1, 6),
                    i => i < 5 && random.Next(3) > 0 ? $"c{i}({Type(depth + 1)})" : $"c{i}"));
            default:
                return random.Next(2) == 0
                    ? Define("enum", Joined(random.Next(6) == 0 ? 260 : random.Next(1, 9), i => $"e{i}"))
                    : Define("flags", Joined(random.Next(1, 33), i => $"b{i}"));
        }
    }

    private static string Joined(int count, Func<int, string> item) => string.Join(", ", Enumerable.Range(0, count).Select(item));

    private string Define(string kind, string body)
    {
        var name = $"t{_named++}";
        _definitions.Append($"  {kind} {name} {{ {body} }}\n");
        return name;
    }
}
