using System.Linq;
using Skiff.WitBindings.Syntax;

namespace Skiff.WitBindings.Model;

internal sealed partial class Resolver
{
    private static void Declare(Scope scope)
    {
        foreach (var use in scope.Model.Syntax.Uses.Where(item => IsEnabled(item.Gate, scope.Source)))
        {
            foreach (var name in use.Names)
            {
                Add(name.As, new Declared(null, use.Path, name.Name, name.Place));
            }
        }

        foreach (var type in scope.Model.Syntax.Types.Where(item => IsEnabled(item.Gate, scope.Source)))
        {
            Add(type.Name, new Declared(type, null, type.Name, type.Place));
        }

        void Add(string name, Declared declared)
        {
            if (scope.Names.ContainsKey(name))
            {
                throw new WitException(ProblemKind.Meaning, declared.Place, $"the type '{name}' is declared twice");
            }

            scope.Names.Add(name, declared);
        }
    }

    private Resolved ResolveName(Scope scope, string name, Place place)
    {
        if (scope.Resolved.TryGetValue(name, out var known))
        {
            return known;
        }

        if (!scope.Names.TryGetValue(name, out var declared))
        {
            throw new WitException(ProblemKind.Meaning, place, $"'{scope.Model.Syntax.Name}' has no type '{name}'");
        }

        if (!scope.Resolving.Add(name))
        {
            throw new WitException(ProblemKind.Meaning, declared.Place, $"the type '{name}' contains itself");
        }

        try
        {
            var resolved = declared.Path is { } path
                ? ResolveName(FindInterface(scope, path), declared.Name, declared.Place)
                : ResolveDeclaration(scope, declared.Declaration!);
            scope.Resolved.Add(name, resolved);
            return resolved;
        }
        finally
        {
            scope.Resolving.Remove(name);
        }
    }

    private Scope FindInterface(Scope from, UsePath path)
    {
        var package = path.Package ?? from.Model.Package;
        var name = path.Interface;
        if (path.Package is null && from.Source.File.Uses.FirstOrDefault(use => use.As == path.Interface) is { } top)
        {
            package = top.Path.Package ?? from.Model.Package;
            name = top.Path.Interface;
        }

        var found = _scopes.Values.Where(scope => scope.Model.Syntax.Name == name
            && scope.Model.Package.Namespace == package.Namespace
            && scope.Model.Package.Name == package.Name
            && (package.Version is null || scope.Model.Package.Version == package.Version)).ToList();
        return found.Count switch
        {
            1 => found[0],
            0 => throw new WitException(ProblemKind.Meaning, path.Place, $"there is no interface '{name}' in the package '{package}'; are its files among the AdditionalFiles?"),
            _ => throw new WitException(ProblemKind.Meaning, path.Place, $"several versions of '{package}' have an interface '{name}': name one"),
        };
    }

    private Resolved ResolveDeclaration(Scope scope, TypeDeclaration declaration)
    {
        var name = new TypeName(scope.Model, declaration.Name, declaration.Docs, declaration.Place);
        switch (declaration)
        {
            case AliasDeclaration { Type: NamedSyntax alias } when Primitives.Find(alias) is null:
                return ResolveName(scope, alias.Name, alias.Place);
            case AliasDeclaration alias:
                return new Resolved(null, Type(scope, alias.Type));
            case ResourceDeclaration:
                var resource = new ResourceModel(name);
                scope.Model.Resources.Add(resource);
                return new Resolved(resource, null);
            default:
                var type = Members(scope, name, (MembersDeclaration)declaration);
                scope.Model.Types.Add((INamedType)type);
                return new Resolved(null, type);
        }
    }

    private WitType Members(Scope scope, TypeName name, MembersDeclaration declaration)
    {
        var members = declaration.Members;
        if (members.GroupBy(member => member.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new WitException(ProblemKind.Meaning, twice.Last().Place, $"'{twice.Key}' is declared twice in '{declaration.Name}'");
        }

        if (declaration.Kind == MembersKind.Flags && members.Count > FlagsType.LabelsMax)
        {
            throw new WitException(ProblemKind.Meaning, declaration.Place, $"'{declaration.Name}' has more than {FlagsType.LabelsMax} flags");
        }

        return declaration.Kind switch
        {
            MembersKind.Record => new RecordType(name, [.. members.Select(member => Type(scope, member.Type!))], members),
            MembersKind.Variant => new VariantType(name, [.. members.Select(member => member.Type is { } type ? Type(scope, type) : null)], members),
            MembersKind.Enum => new EnumType(name, members),
            _ => new FlagsType(name, members),
        };
    }

    private WitType Type(Scope scope, TypeSyntax syntax)
    {
        switch (syntax)
        {
            case NamedSyntax named:
                return Primitives.Find(named) ?? Named(ResolveName(scope, named.Name, named.Place));
            case ListSyntax list:
                return new ListType(Type(scope, list.Element));
            case OptionSyntax option:
                return new OptionType(Type(scope, option.Some));
            case ResultSyntax result:
                return new ResultType(result.Ok is { } ok ? Type(scope, ok) : null, result.Error is { } error ? Type(scope, error) : null);
            case TupleSyntax tuple:
                return new TupleType([.. tuple.Fields.Select(field => Type(scope, field))]);
            case HandleSyntax handle:
                var resource = ResolveName(scope, handle.Resource, handle.Place).Resource
                    ?? throw new WitException(ProblemKind.Meaning, handle.Place, $"'{handle.Resource}' is no resource");
                return new HandleType(resource, handle.IsOwn);
            default:
                throw new WitException(ProblemKind.NotBound, syntax.Place, $"{((UnboundSyntax)syntax).Text} is not bound yet");
        }

        static WitType Named(Resolved resolved) => resolved.Type ?? new HandleType(resolved.Resource!, isOwn: true);
    }
}

internal static class Primitives
{
    /// <summary>Null if it is the name of something declared.</summary>
    public static WitType? Find(NamedSyntax named)
    {
        Primitive? kind = named.IsEscaped ? null : named.Name switch
        {
            "bool" => Primitive.Bool,
            "u8" => Primitive.U8,
            "s8" => Primitive.S8,
            "u16" => Primitive.U16,
            "s16" => Primitive.S16,
            "u32" => Primitive.U32,
            "s32" => Primitive.S32,
            "u64" => Primitive.U64,
            "s64" => Primitive.S64,
            "f32" => Primitive.F32,
            "f64" => Primitive.F64,
            "char" => Primitive.Char,
            _ => null,
        };
        return kind is { } primitive ? new PrimitiveType(primitive)
            : named is { Name: "string", IsEscaped: false } ? new StringType()
            : null;
    }
}
