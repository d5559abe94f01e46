using System.Linq;
using Skiff.WitBindings.Model;

namespace Skiff.WitBindings.Emission;

/// <summary>Where a type stands, which decides what C# makes of strings and lists.</summary>
internal enum Position
{
    /// <summary>The whole of a parameter: strings and lists of numbers are seen in the guest's memory.</summary>
    Parameter,

    /// <summary>A result, or a side of one: lists may be whatever the implementation has.</summary>
    Result,

    /// <summary>Inside of something else.</summary>
    Nested,
}

/// <summary>The C# types of WIT's, as source code of one namespace names them.</summary>
internal sealed class CSharpTypes(InterfaceModel current)
{
    public string Of(WitType? type, Position position) => type switch
    {
        null => "Unit",
        PrimitiveType primitive => Of(primitive.Kind),
        StringType => position == Position.Parameter ? "GuestString" : "string",
        ListType { Blittable: { } number } => position switch
        {
            Position.Parameter => $"ReadOnlySpan<{Of(number.Kind)}>",
            Position.Result => $"ReadOnlyMemory<{Of(number.Kind)}>",
            _ => $"{Of(number.Kind)}[]",
        },
        ListType list => position == Position.Result ? $"IReadOnlyList<{Of(list.Element, Position.Nested)}>" : $"{Of(list.Element, Position.Nested)}[]",
        HandleType handle => Of(handle.Resource),
        // C# has no T?? : the outer of two options is a struct of its own.
        OptionType { Some: OptionType inner } => $"Some<{Of(inner, Inner(position))}>?",
        OptionType option => Of(option.Some, Inner(position)) + "?",
        ResultType result => $"Result<{Of(result.Ok, Inner(position))}, {Of(result.Error, Inner(position))}>",
        INamedType named => Name(named.Name, named.Name.CSharp),
        TupleType { Fields.Count: 1 } one => $"ValueTuple<{Of(one.Fields[0], Inner(position))}>",
        TupleType tuple => $"({string.Join(", ", tuple.Fields.Select(field => Of(field, Inner(position))))})",
        _ => throw new System.InvalidOperationException(type.ToString()),
    };

    public string Of(ResourceModel resource) => Name(resource.Name, resource.CSharpInterface);

    /// <summary>The static field that holds the resource's type.</summary>
    public string Field(ResourceModel resource) => Member(resource.Name, resource.TypeField);

    /// <summary>The static field that holds the type as an object.</summary>
    public string Field(INamedType named) => Member(named.Name, named.Name.CSharp + "Type");

    public static string Of(Primitive kind) => kind switch
    {
        Primitive.Bool => "bool",
        Primitive.U8 => "byte",
        Primitive.S8 => "sbyte",
        Primitive.U16 => "ushort",
        Primitive.S16 => "short",
        Primitive.U32 => "uint",
        Primitive.S32 => "int",
        Primitive.U64 => "ulong",
        Primitive.S64 => "long",
        Primitive.F32 => "float",
        Primitive.F64 => "double",
        _ => "Rune",
    };

    /// <summary>What a part of a value at this position is: only results stay results, down to lists and named types.</summary>
    public static Position Inner(Position position) => position == Position.Result ? Position.Result : Position.Nested;

    private string Member(TypeName owner, string field) =>
        owner.Interface == current ? field : $"{Name(owner, owner.Interface.CSharpClass)}.{field}";

    private string Name(TypeName owner, string name) =>
        owner.Interface.Namespace == current.Namespace ? name : $"global::{owner.Interface.Namespace}.{name}";
}
