using Skiff.Components.Types;

namespace Skiff.Components.Binary;

/// <summary>A type as the bytes say it: it refers to other types by index (Binary.md, "Type Definitions").</summary>
internal abstract record TypeSyntax;

/// <summary>A value type in a type: a primitive, or an index.</summary>
internal readonly record struct ValueTypeReference(PrimitiveType? Primitive, int Index);

/// <summary>A named, possibly missing type: field, case, parameter.</summary>
internal readonly record struct MemberSyntax(string Label, ValueTypeReference? Type);

internal sealed record PrimitiveSyntax(PrimitiveType Type) : TypeSyntax;

internal sealed record RecordSyntax(MemberSyntax[] Fields) : TypeSyntax;

internal sealed record VariantSyntax(MemberSyntax[] Cases) : TypeSyntax;

internal sealed record ListSyntax(ValueTypeReference Element, uint? Length) : TypeSyntax;

internal sealed record MapSyntax(ValueTypeReference Key, ValueTypeReference Value) : TypeSyntax;

internal sealed record TupleSyntax(ValueTypeReference[] Items) : TypeSyntax;

internal sealed record FlagsSyntax(string[] Labels) : TypeSyntax;

internal sealed record EnumSyntax(string[] Labels) : TypeSyntax;

internal sealed record OptionSyntax(ValueTypeReference Some) : TypeSyntax;

internal sealed record ResultSyntax(ValueTypeReference? Ok, ValueTypeReference? Error) : TypeSyntax;

internal sealed record HandleSyntax(int Resource, bool IsOwn) : TypeSyntax;

internal sealed record AsyncValueSyntax(ValueTypeReference? Element, bool IsStream) : TypeSyntax;

internal sealed record FunctionSyntax(MemberSyntax[] Parameters, ValueTypeReference? Result, bool IsAsync) : TypeSyntax;

internal sealed record ResourceSyntax(int? Destructor) : TypeSyntax;

/// <summary>Type of a component or an instance: a scope of its own.</summary>
internal sealed record ScopeSyntax(bool IsComponent, IReadOnlyList<Definition> Declarations) : TypeSyntax;
