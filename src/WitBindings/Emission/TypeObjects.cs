using System.Linq;
using Skiff.WitBindings.Model;

namespace Skiff.WitBindings.Emission;

/// <summary>C# expressions that make the objects of <c>Skiff.Components.Types</c>, against which the guest's own types are compared.</summary>
internal sealed class TypeObjects(CSharpTypes types)
{
    public string Of(WitType type) => type is INamedType named ? types.Field(named) : Anonymous(type);

    public string Function(FunctionModel function)
    {
        var parameters = function.Parameters.Select(parameter => $"new Types::Parameter(\"{parameter.Label}\", {Of(parameter.Type)})");
        return $"new Types::FunctionType([{string.Join(", ", parameters)}], {(function.Result is { } result ? Of(result) : "null")})";
    }

    /// <summary>The expression that initialises the field of a named type.</summary>
    public string Definition(INamedType named) => named switch
    {
        RecordType record => $"Types::RecordType.Record({string.Join(", ", record.Members.Select((member, i) => Member(member.Name, record.Fields[i])))})",
        VariantType variant => $"Types::VariantType.Variant({string.Join(", ", variant.Members.Select((member, i) => Member(member.Name, variant.Cases[i])))})",
        EnumType type => $"Types::VariantType.Enum({string.Join(", ", type.Members.Select(member => $"\"{member.Name}\""))})",
        FlagsType flags => $"new Types::FlagsType({string.Join(", ", flags.Members.Select(member => $"\"{member.Name}\""))})",
        _ => throw new System.InvalidOperationException(named.ToString()),
    };

    private string Anonymous(WitType type) => type switch
    {
        PrimitiveType primitive => $"Types::PrimitiveType.{primitive.Kind}",
        StringType => "Types::PrimitiveType.String",
        ListType list => $"new Types::ListType({Of(list.Element)})",
        HandleType handle => $"new Types::HandleType({types.Field(handle.Resource)}, isOwn: {(handle.IsOwn ? "true" : "false")})",
        OptionType option => $"Types::VariantType.Option({Of(option.Some)})",
        ResultType result => $"Types::VariantType.Result({Optional(result.Ok)}, {Optional(result.Error)})",
        TupleType tuple => $"Types::RecordType.Tuple({string.Join(", ", tuple.Fields.Select(Of))})",
        _ => throw new System.InvalidOperationException(type.ToString()),
    };

    private string Member(string label, WitType? type) => $"new Types::Member(\"{label}\", {Optional(type)})";

    private string Optional(WitType? type) => type is null ? "null" : Of(type);
}
