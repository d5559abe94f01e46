using System.Collections.Generic;
using System.Linq;
using Skiff.WitBindings.Model;
using Skiff.WitBindings.Syntax;

namespace Skiff.WitBindings.Emission;

/// <summary>What people see of an interface: its types, its resources and its functions as C# interfaces.</summary>
internal sealed class DeclarationEmitter(CodeWriter writer, CSharpTypes types)
{
    public void Type(INamedType named)
    {
        writer.Line();
        writer.Summary(named.Name.Docs.Length > 0 ? named.Name.Docs : $"{named.Name.Label} of {named.Name.Interface.WitName}.");
        switch (named)
        {
            case RecordType record:
                Record(record);
                break;
            case EnumType type:
                Enum(type.Name.CSharp, type.DiscriminantSize, type.Members);
                break;
            case FlagsType flags:
                Flags(flags);
                break;
            default:
                Variant((VariantType)named);
                break;
        }
    }

    public void Resource(InterfaceModel model, ResourceModel resource)
    {
        var methods = model.Functions.Where(function => function.Resource == resource && function.Kind == FunctionKind.Method).ToList();
        writer.Line();
        writer.Summary(resource.Name.Docs.Length > 0 ? resource.Name.Docs : $"The resource {resource.Name.Label} of {model.WitName}.");
        Methods(resource.CSharpInterface, methods);
    }

    public void Functions(InterfaceModel model)
    {
        var functions = model.Functions.Where(function => function.Kind != FunctionKind.Method).ToList();
        if (functions.Count > 0)
        {
            writer.Line();
            writer.Summary(model.Syntax.Docs.Length > 0 ? model.Syntax.Docs : $"The functions of {model.WitName} that belong to no object.");
            Methods(model.CSharpInterface, functions);
        }
    }

    /// <summary>The C# method's name in its interface.</summary>
    public static string MethodName(FunctionModel function) => function.Kind switch
    {
        FunctionKind.Constructor => "Create" + function.Resource!.Name.CSharp,
        FunctionKind.Static => function.Resource!.Name.CSharp + Naming.Pascal(function.Label),
        _ => Naming.Pascal(function.Label),
    };

    private void Methods(string name, List<FunctionModel> functions)
    {
        if (functions.Count == 0)
        {
            writer.Line($"public interface {name};");
            return;
        }

        writer.Open($"public interface {name}");
        foreach (var function in functions)
        {
            if (function != functions[0])
            {
                writer.Line();
            }

            var result = function.Result is { } type ? types.Of(type, Position.Result) : null;
            var returns = (function.Suspends, result) switch
            {
                (false, null) => "void",
                (false, _) => result,
                (true, null) => "ValueTask",
                (true, _) => $"ValueTask<{result}>",
            };
            var parameters = function.Parameters.Skip(function.Kind == FunctionKind.Method ? 1 : 0)
                .Select(parameter => $"{types.Of(parameter.Type, Position.Parameter)} {Naming.Camel(parameter.Label)}");
            writer.Summary(function.Docs.Length > 0 ? function.Docs : function.WitName);
            writer.Line($"{returns} {MethodName(function)}({string.Join(", ", parameters)});");
        }

        writer.Close();
    }

    private void Record(RecordType record)
    {
        var fields = record.Members.Select((member, i) => $"{types.Of(record.Fields[i], Position.Nested)} {FieldName(record, i)}");
        writer.Line($"public readonly record struct {record.Name.CSharp}({string.Join(", ", fields)});");
    }

    public static string FieldName(RecordType record, int index) => Naming.Member(record.Members[index].Name, record.Name.CSharp);

    private void Enum(string name, uint size, IReadOnlyList<MemberSyntax> members)
    {
        writer.Open($"public enum {name} : {Integer(size)}");
        foreach (var member in members)
        {
            writer.Summary(member.Docs);
            writer.Line($"{Naming.Pascal(member.Name)},");
        }

        writer.Close();
    }

    private void Flags(FlagsType flags)
    {
        writer.Line("[Flags]");
        writer.Open($"public enum {flags.Name.CSharp} : {Integer(flags.Size)}");
        if (flags.Members.All(member => Naming.Pascal(member.Name) != "None"))
        {
            writer.Line("None = 0,");
        }

        for (var i = 0; i < flags.Members.Count; i++)
        {
            writer.Summary(flags.Members[i].Docs);
            writer.Line($"{Naming.Pascal(flags.Members[i].Name)} = 1{(i == 31 ? "u" : "")} << {i},");
        }

        writer.Close();
    }

    // One field for each payload type: values of interfaces and structs do not share storage in safe C#.
    private void Variant(VariantType variant)
    {
        var (name, kind) = (variant.Name.CSharp, KindName(variant));
        var payloads = variant.Cases.OfType<WitType>().Select(type => types.Of(type, Position.Nested)).Distinct().ToList();
        writer.Open($"public readonly record struct {name}");
        for (var i = 0; i < payloads.Count; i++)
        {
            writer.Line($"private readonly {payloads[i]} _payload{i};");
        }

        if (payloads.Count > 0)
        {
            writer.Line();
        }

        var arguments = payloads.Select((type, i) => $", {type} payload{i}");
        writer.Line($"private {name}({kind} kind{string.Concat(arguments)})");
        writer.Open();
        writer.Line("Case = kind;");
        for (var i = 0; i < payloads.Count; i++)
        {
            writer.Line($"_payload{i} = payload{i};");
        }

        writer.Close();
        writer.Line();
        Enum(kind, variant.DiscriminantSize, variant.Members);
        writer.Line();
        writer.Line($"public {kind} Case {{ get; }}");
        for (var i = 0; i < variant.Members.Count; i++)
        {
            Case(variant, i, payloads);
        }

        writer.Line();
        var texts = variant.Members.Select((member, i) => variant.Cases[i] is null
            ? null
            : $"{kind}.{Naming.Pascal(member.Name)} => $\"{Naming.Pascal(member.Name)}({{_payload{payloads.IndexOf(types.Of(variant.Cases[i], Position.Nested))}}})\", ");
        writer.Line($"public override string ToString() => Case switch {{ {string.Concat(texts)}_ => Case.ToString() }};");
        writer.Close();
    }

    private void Case(VariantType variant, int index, List<string> payloads)
    {
        var (name, kind, member) = (variant.Name.CSharp, KindName(variant), variant.Members[index]);
        var factory = CaseName(variant, index);
        writer.Line();
        writer.Summary(member.Docs);
        if (variant.Cases[index] is not { } type)
        {
            writer.Line($"public static {name} {factory} => new({kind}.{Naming.Pascal(member.Name)}{string.Concat(payloads.Select(_ => ", default!"))});");
            return;
        }

        var own = payloads.IndexOf(types.Of(type, Position.Nested));
        var values = payloads.Select((_, i) => i == own ? ", payload" : ", default!");
        writer.Line($"public static {name} {factory}({payloads[own]} payload) => new({kind}.{Naming.Pascal(member.Name)}{string.Concat(values)});");
        writer.Line();
        writer.Line($"/// <exception cref=\"InvalidOperationException\">It is another case.</exception>");
        writer.Line($"public {payloads[own]} As{Naming.Pascal(member.Name)} => Case == {kind}.{Naming.Pascal(member.Name)} "
            + $"? _payload{own} : throw new InvalidOperationException($\"the {variant.Name.Label} is {{Case}}, not {Naming.Pascal(member.Name)}\");");
    }

    /// <summary>The nested enum of the cases.</summary>
    public static string KindName(VariantType variant) => variant.Name.CSharp == "Kind" ? "Kind_" : "Kind";

    public static string CaseName(VariantType variant, int index) =>
        Naming.Member(variant.Members[index].Name, variant.Name.CSharp, KindName(variant), "Case", "ToString", "Equals", "GetHashCode");

    private static string Integer(uint size) => size switch
    {
        1 => "byte",
        2 => "ushort",
        _ => "uint",
    };
}
