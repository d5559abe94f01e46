using System.Collections.Generic;

namespace Skiff.WitBindings.Syntax;

/// <summary>Reads a .wit file (component-model, WIT.md). The first error ends it: the rest would be guesses.</summary>
internal sealed partial class WitParser
{
    private readonly IReadOnlyList<Token> _tokens;
    private int _at;

    private WitParser(IReadOnlyList<Token> tokens) => _tokens = tokens;

    private Token Current => _tokens[_at];

    public static WitFile Parse(string path, string text)
    {
        PackageName? package = null;
        var uses = new List<TopUse>();
        var interfaces = new List<InterfaceSyntax>();
        var worlds = new List<WorldSyntax>();
        WitProblem? problem = null;
        try
        {
            var parser = new WitParser(Lexer.Read(path, text));
            package = parser.Package();
            while (parser.Current.Kind != TokenKind.End)
            {
                parser.TopItem(uses, interfaces, worlds);
            }
        }
        catch (WitException exception)
        {
            problem = exception.Problem;
        }

        return new WitFile(path, package, new([.. uses]), new([.. interfaces]), new([.. worlds]), problem);
    }

    private PackageName? Package()
    {
        if (!Is("package"))
        {
            return null;
        }

        _at++;
        var space = Name();
        Expect(":");
        var name = new PackageName(space.Text, Name().Text, Version());
        if (Is("{"))
        {
            throw Wrong("nested packages are not read: give each package a file of its own");
        }

        Expect(";");
        return name;
    }

    private void TopItem(List<TopUse> uses, List<InterfaceSyntax> interfaces, List<WorldSyntax> worlds)
    {
        var docs = Current.Docs;
        var gate = Gates();
        if (Take("use"))
        {
            var path = Path();
            uses.Add(new TopUse(path, Take("as") ? Name().Text : path.Interface));
            Expect(";");
        }
        else if (Take("interface"))
        {
            var name = Name();
            interfaces.Add(Interface(name.Text, docs, gate, name.Place));
        }
        else if (Take("world"))
        {
            worlds.Add(World(gate));
        }
        else
        {
            throw Wrong("expected 'use', 'interface' or 'world'");
        }
    }

    private InterfaceSyntax Interface(string name, string docs, Gate gate, Place place)
    {
        var uses = new List<UseSyntax>();
        var types = new List<TypeDeclaration>();
        var functions = new List<FunctionSyntax>();
        Expect("{");
        while (!Take("}"))
        {
            var itemDocs = Current.Docs;
            var itemGate = Gates();
            if (Take("use"))
            {
                uses.Add(Use(itemGate));
            }
            else if (TypeItem(itemDocs, itemGate) is { } type)
            {
                types.Add(type);
            }
            else
            {
                functions.Add(Function(itemDocs, itemGate, inResource: false));
            }
        }

        return new InterfaceSyntax(name, docs, gate, place, new([.. uses]), new([.. types]), new([.. functions]));
    }

    private WorldSyntax World(Gate gate)
    {
        var name = Name().Text;
        var imports = new List<UsePath>();
        var exports = new List<UsePath>();
        Expect("{");
        while (!Take("}"))
        {
            var docs = Current.Docs;
            var itemGate = Gates();
            if (Is("import") || Is("export"))
            {
                var list = Is("import") ? imports : exports;
                _at++;
                WorldItem(list);
            }
            else if (Take("include"))
            {
                Path();
                SkipRenames();
            }
            else if (Take("use"))
            {
                Use(itemGate);
            }
            else if (TypeItem(docs, itemGate) is null)
            {
                throw Wrong("expected 'import', 'export', 'include', 'use' or a type");
            }
        }

        return new WorldSyntax(name, gate, new([.. imports]), new([.. exports]));
    }

    // `name: func(…)`, `name: interface { … }` or the path of an interface; only the last is a name that others know.
    private void WorldItem(List<UsePath> paths)
    {
        if (Ahead(1).Text == ":" && (Ahead(2).Text is "func" or "interface" or "async"))
        {
            if (Ahead(2).Text == "interface")
            {
                var name = Name();
                _at += 2;
                Interface(name.Text, "", new Gate(null), name.Place);
            }
            else
            {
                Function("", new Gate(null), inResource: false);
            }

            return;
        }

        paths.Add(Path());
        Expect(";");
    }

    private void SkipRenames()
    {
        if (!Take("with"))
        {
            Expect(";");
            return;
        }

        Expect("{");
        do
        {
            if (Is("}"))
            {
                break;
            }

            Name();
            Expect("as");
            Name();
        }
        while (Take(","));
        Expect("}");
        Take(";");
    }

    private UseSyntax Use(Gate gate)
    {
        var path = Path();
        var names = new List<UsedName>();
        Expect(".");
        Expect("{");
        while (!Take("}"))
        {
            var name = Name();
            names.Add(new UsedName(name.Text, Take("as") ? Name().Text : name.Text, name.Place));
            if (!Take(",") && !Is("}"))
            {
                throw Wrong("expected ',' or '}'");
            }
        }

        Expect(";");
        return new UseSyntax(path, new([.. names]), gate);
    }

    private UsePath Path()
    {
        var first = Name();
        if (!Take(":"))
        {
            return new UsePath(null, first.Text, first.Place);
        }

        var package = Name().Text;
        Expect("/");
        var name = Name().Text;
        return new UsePath(new PackageName(first.Text, package, Version()), name, first.Place);
    }

    private string? Version()
    {
        if (!Take("@"))
        {
            return null;
        }

        if (Current.Kind != TokenKind.Number || Current.Text.Split('-', '+')[0].Split('.').Length != 3)
        {
            throw Wrong("expected a version such as 1.2.3");
        }

        return _tokens[_at++].Text;
    }

    private Gate Gates()
    {
        string? unstable = null;
        while (Take("@"))
        {
            var name = Name();
            Expect("(");
            var key = Name();
            Expect("=");
            var value = Current.Kind is TokenKind.Word or TokenKind.Number ? _tokens[_at++].Text : throw Wrong("expected a version or a feature");
            Expect(")");
            switch (name.Text, key.Text)
            {
                case ("since", "version") or ("deprecated", "version"):
                    break;
                case ("unstable", "feature"):
                    unstable = value;
                    break;
                default:
                    throw new WitException(ProblemKind.Syntax, name.Place, $"unknown gate @{name.Text}({key.Text} = …)");
            }
        }

        return new Gate(unstable);
    }
}
