using Skiff.WitBindings.Model;
using Skiff.WitBindings.Syntax;

namespace Skiff.WitBindings.Tests.Model;

/// <summary>What interfaces mean, as lines of text: equal lines mean equal names, orders and signatures, whatever the files look like.</summary>
internal static class Described
{
    public static IReadOnlyList<InterfaceModel> Files(IEnumerable<string> paths, params string[] features)
    {
        var (interfaces, problems) = Resolver.Resolve(paths.Select(path => Source(path, File.ReadAllText(path), features)));
        Assert.Empty(problems);
        return interfaces;
    }

    public static WitSource Source(string path, string text, params string[] features) =>
        new(WitParser.Parse(path, text), "Test", false, new(features));

    public static IEnumerable<string> Lines(IReadOnlyList<InterfaceModel> interfaces) => interfaces.SelectMany(Lines).Order(StringComparer.Ordinal);

    public static string Text(WitType? type) => type switch
    {
        null => "_",
        PrimitiveType primitive => primitive.Kind.ToString().ToLowerInvariant(),
        StringType => "string",
        ListType list => $"list<{Text(list.Element)}>",
        HandleType handle => $"{(handle.IsOwn ? "own" : "borrow")}<{Name(handle.Resource.Name)}>",
        OptionType option => $"option<{Text(option.Some)}>",
        ResultType result => $"result<{Text(result.Ok)}, {Text(result.Error)}>",
        INamedType named => Name(named.Name),
        TupleType tuple => $"tuple<{string.Join(", ", tuple.Fields.Select(Text))}>",
        _ => throw new NotSupportedException(type.ToString()),
    };

    private static IEnumerable<string> Lines(InterfaceModel model)
    {
        yield return model.WitName;
        foreach (var resource in model.Resources)
        {
            yield return $"{Name(resource.Name)}: resource";
        }

        foreach (var type in model.Types)
        {
            yield return $"{Name(type.Name)}: {type.GetType().Name} {string.Join("; ", Members(type))}";
        }

        foreach (var function in model.Functions)
        {
            var parameters = function.Parameters.Select(parameter => $"{parameter.Label}: {Text(parameter.Type)}");
            yield return $"{model.WitName} {function.WitName}({string.Join(", ", parameters)}) -> {Text(function.Result)}";
        }
    }

    private static IEnumerable<string> Members(INamedType type) => type switch
    {
        RecordType record => record.Members.Select((member, i) => $"{member.Name}: {Text(record.Fields[i])}"),
        VariantType variant => variant.Members.Select((member, i) => $"{member.Name}({Text(variant.Cases[i])})"),
        EnumType labels => labels.Members.Select(member => member.Name),
        FlagsType flags => flags.Members.Select(member => member.Name),
        _ => throw new NotSupportedException(type.ToString()),
    };

    private static string Name(TypeName name) => $"{name.Interface.WitName}.{name.Label}";
}
