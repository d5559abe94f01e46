namespace Skiff.WitBindings.Syntax;

/// <summary>A file as it was read; with <see cref="Problem"/>, as far as it could be.</summary>
internal sealed record WitFile(
    string Path,
    PackageName? Package,
    Items<TopUse> Uses,
    Items<InterfaceSyntax> Interfaces,
    Items<WorldSyntax> Worlds,
    WitProblem? Problem);

/// <param name="Version">Without the @; null if the file gives none.</param>
internal sealed record PackageName(string Namespace, string Name, string? Version)
{
    public override string ToString() => Version is null ? $"{Namespace}:{Name}" : $"{Namespace}:{Name}@{Version}";
}

/// <summary><c>@since</c>, <c>@unstable</c> and <c>@deprecated</c>; only the second has an effect.</summary>
internal sealed record Gate(string? UnstableFeature);

/// <summary>An interface by its name, in this package or another.</summary>
internal sealed record UsePath(PackageName? Package, string Interface, Place Place);

/// <summary><c>use a:b/c as d;</c> outside of an interface.</summary>
internal sealed record TopUse(UsePath Path, string As);

internal sealed record UsedName(string Name, string As, Place Place);

/// <summary><c>use a:b/c.{d, e as f};</c></summary>
internal sealed record UseSyntax(UsePath Path, Items<UsedName> Names, Gate Gate);

internal sealed record InterfaceSyntax(
    string Name, string Docs, Gate Gate, Place Place, Items<UseSyntax> Uses, Items<TypeDeclaration> Types, Items<FunctionSyntax> Functions);

/// <summary>Only which interfaces a world imports and exports; includes are not followed.</summary>
internal sealed record WorldSyntax(string Name, Gate Gate, Items<UsePath> Imports, Items<UsePath> Exports);

internal abstract record TypeDeclaration(string Name, string Docs, Gate Gate, Place Place);

internal sealed record AliasDeclaration(string Name, string Docs, Gate Gate, Place Place, TypeSyntax Type)
    : TypeDeclaration(Name, Docs, Gate, Place);

/// <summary>A field of a record, a case of a variant or enum, a flag: the type is missing where there is none.</summary>
internal sealed record MemberSyntax(string Name, TypeSyntax? Type, string Docs, Place Place);

internal enum MembersKind
{
    Record,
    Variant,
    Enum,
    Flags,
}

internal sealed record MembersDeclaration(string Name, string Docs, Gate Gate, Place Place, MembersKind Kind, Items<MemberSyntax> Members)
    : TypeDeclaration(Name, Docs, Gate, Place);

internal sealed record ResourceDeclaration(string Name, string Docs, Gate Gate, Place Place, Items<FunctionSyntax> Functions)
    : TypeDeclaration(Name, Docs, Gate, Place);

internal enum FunctionKind
{
    Free,
    Constructor,
    Method,
    Static,
}

internal sealed record FunctionSyntax(
    string Name,
    FunctionKind Kind,
    bool IsAsync,
    Items<MemberSyntax> Parameters,
    TypeSyntax? Result,
    string Docs,
    Gate Gate,
    Place Place);

internal abstract record TypeSyntax(Place Place);

internal sealed record NamedSyntax(Place Place, string Name, bool IsEscaped) : TypeSyntax(Place);

internal sealed record ListSyntax(Place Place, TypeSyntax Element) : TypeSyntax(Place);

internal sealed record OptionSyntax(Place Place, TypeSyntax Some) : TypeSyntax(Place);

internal sealed record ResultSyntax(Place Place, TypeSyntax? Ok, TypeSyntax? Error) : TypeSyntax(Place);

internal sealed record TupleSyntax(Place Place, Items<TypeSyntax> Fields) : TypeSyntax(Place);

internal sealed record HandleSyntax(Place Place, string Resource, bool IsOwn) : TypeSyntax(Place);

/// <summary>A type that is read but not bound: <c>stream</c>, <c>future</c>, <c>error-context</c>, <c>list&lt;T, N&gt;</c>.</summary>
internal sealed record UnboundSyntax(Place Place, string Text) : TypeSyntax(Place);
