using System.Collections.Generic;

namespace Skiff.WitBindings.Syntax;

internal sealed partial class WitParser
{
    // Types are read, resolved and written recursively; nobody writes deeper ones by hand.
    private const int TypeDepthMax = 64;

    private int _depth;

    private TypeDeclaration? TypeItem(string docs, Gate gate)
    {
        // `record: func()` declares a function of that name.
        if (Current.IsEscaped || Ahead(1).Text == ":")
        {
            return null;
        }

        switch (Current.Text)
        {
            case "type":
                _at++;
                var alias = Name();
                Expect("=");
                var type = Type();
                Expect(";");
                return new AliasDeclaration(alias.Text, docs, gate, alias.Place, type);
            case "record":
                return Members(MembersKind.Record, docs, gate);
            case "variant":
                return Members(MembersKind.Variant, docs, gate);
            case "enum":
                return Members(MembersKind.Enum, docs, gate);
            case "flags":
                return Members(MembersKind.Flags, docs, gate);
            case "resource":
                return Resource(docs, gate);
            default:
                return null;
        }
    }

    private MembersDeclaration Members(MembersKind kind, string docs, Gate gate)
    {
        _at++;
        var name = Name();
        var members = new List<MemberSyntax>();
        Expect("{");
        while (!Take("}"))
        {
            var memberDocs = Current.Docs;
            var member = Name();
            TypeSyntax? type = null;
            if (kind == MembersKind.Record)
            {
                Expect(":");
                type = Type();
            }
            else if (kind == MembersKind.Variant && Take("("))
            {
                type = Type();
                Expect(")");
            }

            members.Add(new MemberSyntax(member.Text, type, memberDocs, member.Place));
            if (!Take(",") && !Is("}"))
            {
                throw Wrong("expected ',' or '}'");
            }
        }

        return members.Count > 0
            ? new MembersDeclaration(name.Text, docs, gate, name.Place, kind, new([.. members]))
            : throw new WitException(ProblemKind.Syntax, name.Place, $"'{name.Text}' is empty");
    }

    private ResourceDeclaration Resource(string docs, Gate gate)
    {
        _at++;
        var name = Name();
        var functions = new List<FunctionSyntax>();
        if (!Take(";"))
        {
            Expect("{");
            while (!Take("}"))
            {
                var functionDocs = Current.Docs;
                functions.Add(Function(functionDocs, Gates(), inResource: true));
            }
        }

        return new ResourceDeclaration(name.Text, docs, gate, name.Place, new([.. functions]));
    }

    private FunctionSyntax Function(string docs, Gate gate, bool inResource)
    {
        var name = Name();
        var kind = inResource ? FunctionKind.Method : FunctionKind.Free;
        var isAsync = false;
        if (inResource && name is { Text: "constructor", IsEscaped: false } && Is("("))
        {
            kind = FunctionKind.Constructor;
        }
        else
        {
            Expect(":");
            kind = inResource && Take("static") ? FunctionKind.Static : kind;
            isAsync = Take("async");
            Expect("func");
        }

        var parameters = Parameters();
        var result = Take("->") ? Type() : null;
        Expect(";");
        return new FunctionSyntax(name.Text, kind, isAsync, parameters, result, docs, gate, name.Place);
    }

    private Items<MemberSyntax> Parameters()
    {
        var parameters = new List<MemberSyntax>();
        Expect("(");
        while (!Take(")"))
        {
            var name = Name();
            Expect(":");
            parameters.Add(new MemberSyntax(name.Text, Type(), "", name.Place));
            if (!Take(",") && !Is(")"))
            {
                throw Wrong("expected ',' or ')'");
            }
        }

        return new([.. parameters]);
    }

    private TypeSyntax Type()
    {
        if (++_depth > TypeDepthMax)
        {
            throw Wrong($"types are nested deeper than {TypeDepthMax}");
        }

        var type = Current.IsEscaped ? Named() : Current.Text switch
        {
            "list" => List(),
            "option" => new OptionSyntax(Current.Place, Argument()),
            "result" => Result(),
            "tuple" => Tuple(),
            "own" => Handle(isOwn: true),
            "borrow" => Handle(isOwn: false),
            "stream" or "future" or "error-context" => Unbound(),
            _ => Named(),
        };
        _depth--;
        return type;
    }

    private NamedSyntax Named()
    {
        var name = Name();
        return new NamedSyntax(name.Place, name.Text, name.IsEscaped);
    }

    private TypeSyntax Argument()
    {
        _at++;
        Expect("<");
        var type = Type();
        Expect(">");
        return type;
    }

    private TypeSyntax List()
    {
        var place = _tokens[_at++].Place;
        Expect("<");
        var element = Type();
        var isFixed = Take(",");
        if (isFixed && _tokens[_at++].Kind != TokenKind.Number)
        {
            _at--;
            throw Wrong("expected the number of elements");
        }

        Expect(">");
        return isFixed ? new UnboundSyntax(place, "list of fixed length") : new ListSyntax(place, element);
    }

    private ResultSyntax Result()
    {
        var place = _tokens[_at++].Place;
        if (!Take("<"))
        {
            return new ResultSyntax(place, null, null);
        }

        var ok = Take("_") ? null : Type();
        var error = Take(",") ? Type() : null;
        Expect(">");
        return new ResultSyntax(place, ok, error);
    }

    private TupleSyntax Tuple()
    {
        var place = _tokens[_at++].Place;
        var fields = new List<TypeSyntax>();
        Expect("<");
        do
        {
            if (Is(">") && fields.Count > 0)
            {
                break;
            }

            fields.Add(Type());
        }
        while (Take(","));
        Expect(">");
        return new TupleSyntax(place, new([.. fields]));
    }

    private HandleSyntax Handle(bool isOwn)
    {
        var place = _tokens[_at++].Place;
        Expect("<");
        var name = Name().Text;
        Expect(">");
        return new HandleSyntax(place, name, isOwn);
    }

    private UnboundSyntax Unbound()
    {
        var token = _tokens[_at++];
        if (Take("<"))
        {
            if (!Take("_"))
            {
                Type();
            }

            Expect(">");
        }

        return new UnboundSyntax(token.Place, token.Text);
    }

    // The last token is End.
    private Token Ahead(int count) => _tokens[System.Math.Min(_at + count, _tokens.Count - 1)];

    private Token Name() => Current.Kind == TokenKind.Word ? _tokens[_at++] : throw Wrong("expected a name");

    private bool Is(string text) => Current.Text == text && !Current.IsEscaped && Current.Kind != TokenKind.End;

    private bool Take(string text)
    {
        if (!Is(text))
        {
            return false;
        }

        _at++;
        return true;
    }

    private void Expect(string text)
    {
        if (!Take(text))
        {
            throw Wrong($"expected '{text}'");
        }
    }

    private WitException Wrong(string message) => new(
        ProblemKind.Syntax, Current.Place, Current.Kind == TokenKind.End ? $"{message}, but the file ends" : $"{message}, not '{Current.Text}'");
}
