namespace Skiff.Components.Binary;

/// <summary>Sorts of items, each with an index space of its own (Binary.md, <c>sort</c> and <c>core:sort</c>).</summary>
internal enum Sort : byte
{
    CoreFunction,
    CoreTable,
    CoreMemory,
    CoreGlobal,
    CoreTag,
    CoreType,
    CoreModule,
    CoreInstance,
    Function,
    Value,
    Type,
    Component,
    Instance,
}

/// <summary>A component as its bytes say it: definitions in the order of the file, across all sections.</summary>
internal sealed record ComponentSyntax(int Offset, IReadOnlyList<Definition> Definitions)
{
    /// <summary>Custom sections of the component itself, for those who know their names.</summary>
    public required IReadOnlyList<CustomSection> CustomSections { get; init; }
}

internal sealed record CustomSection(string Name, ReadOnlyMemory<byte> Contents);

/// <summary>One definition: it appends to one or more index spaces. Indices refer to definitions before it.</summary>
/// <param name="Offset">Where it begins in the file, for error texts.</param>
internal abstract record Definition(int Offset);

internal sealed record CoreModuleDefinition(int Offset, CoreModuleBinary Module) : Definition(Offset);

internal sealed record ComponentDefinition(int Offset, ComponentSyntax Component) : Definition(Offset);

/// <summary>A name given to an item: an argument of an instantiation, or an inline export.</summary>
internal readonly record struct NamedItem(string Name, Sort Sort, int Index);

internal sealed record CoreInstantiation(int Offset, int Module, NamedItem[] Arguments) : Definition(Offset);

/// <summary>A core instance that is only a bag of exports.</summary>
internal sealed record CoreInlineInstance(int Offset, NamedItem[] Exports) : Definition(Offset);

internal sealed record Instantiation(int Offset, int Component, NamedItem[] Arguments) : Definition(Offset);

/// <summary>An instance that is only a bag of exports.</summary>
internal sealed record InlineInstance(int Offset, NamedItem[] Exports) : Definition(Offset);

/// <summary>An export of an instance, of a component (<see cref="IsCore"/> false) or a core one.</summary>
internal sealed record ExportAlias(int Offset, Sort Sort, bool IsCore, int Instance, string Name) : Definition(Offset);

/// <summary>An item of a scope around this one; <paramref name="Count"/> 0 is this scope.</summary>
internal sealed record OuterAlias(int Offset, Sort Sort, int Count, int Index) : Definition(Offset);

internal sealed record TypeDefinition(int Offset, TypeSyntax Type) : Definition(Offset);

/// <summary>A core type: of functions and the like, one index each (null: no function type), or of a module (<see cref="Types"/> null).</summary>
internal sealed record CoreTypeDefinition(int Offset, IReadOnlyList<CoreFunctionType?>? Types) : Definition(Offset);

internal sealed record Import(int Offset, string Name, ExternTypeSyntax Type) : Definition(Offset);

internal sealed record Export(int Offset, string Name, Sort Sort, int Index, ExternTypeSyntax? Type) : Definition(Offset);

/// <summary>An export in the type of a component or instance.</summary>
internal sealed record ExportDeclaration(int Offset, string Name, ExternTypeSyntax Type) : Definition(Offset);

internal sealed record LiftDefinition(int Offset, int CoreFunction, CanonOptionsSyntax Options, int Type) : Definition(Offset);

internal sealed record LowerDefinition(int Offset, int Function, CanonOptionsSyntax Options) : Definition(Offset);

internal enum ResourceBuiltin : byte
{
    New = 0x02,
    Drop = 0x03,
    Rep = 0x04,
}

internal sealed record ResourceBuiltinDefinition(int Offset, ResourceBuiltin Builtin, int Type) : Definition(Offset);

/// <summary>A built-in of asynchronous components, by the specification's name. Its operands have been read and are not kept.</summary>
internal sealed record OtherBuiltinDefinition(int Offset, string Name) : Definition(Offset);

/// <summary>Value definitions and the start function, which no toolchain emits: known, and refused when linked.</summary>
internal sealed record ValueDefinition(int Offset, string What) : Definition(Offset);

internal sealed record CanonOptionsSyntax
{
    public Linking.StringEncoding Encoding { get; init; }

    public int? Memory { get; init; }

    public int? Realloc { get; init; }

    public int? PostReturn { get; init; }

    public int? Callback { get; init; }

    public bool IsAsync { get; init; }

    /// <summary>Options of proposals, by name, that a synchronous function cannot do without.</summary>
    public string? Unsupported { get; init; }
}

internal enum ExternKind : byte
{
    Module,
    Function,
    Value,
    TypeEqual,
    TypeSubResource,
    Component,
    Instance,
}

/// <summary>Binary.md, <c>externdesc</c>. The index is a core type's for a module, a type's else; none for a resource.</summary>
internal readonly record struct ExternTypeSyntax(ExternKind Kind, int Index)
{
    public Sort Sort => Kind switch
    {
        ExternKind.Module => Sort.CoreModule,
        ExternKind.Function => Sort.Function,
        ExternKind.Value => Sort.Value,
        ExternKind.TypeEqual or ExternKind.TypeSubResource => Sort.Type,
        ExternKind.Component => Sort.Component,
        _ => Sort.Instance,
    };
}
