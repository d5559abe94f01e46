using System.Runtime.Loader;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Skiff.Components.Host;
using Skiff.WitBindings.Tests.Emission;

namespace Skiff.WitBindings.Tests.Running;

/// <summary>Generated bindings of a WIT text, compiled and loaded, with an implementation that gives back the first parameter.</summary>
internal sealed class EchoCode
{
    private int _names;

    public EchoCode(string wit)
    {
        var compilation = GeneratorTests.Compile(wit);
        var made = compilation.GetTypeByMetadataName("Made.Bindings.Types.IEcho")!;
        compilation = compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText(Implementation(made), (CSharpParseOptions)compilation.SyntaxTrees.First().Options));
        using var image = new MemoryStream();
        var emitted = compilation.Emit(image);
        Assert.True(emitted.Success, string.Join('\n', emitted.Diagnostics.Where(found => found.Severity == DiagnosticSeverity.Error).Take(5)));
        image.Position = 0;
        var assembly = new AssemblyLoadContext(null).LoadFromStream(image);
        Host = Activator.CreateInstance(assembly.GetType("Echo")!)!;
        Definition = (HostInterface)assembly.GetType("Made.Bindings.Types.EchoInterface")!.GetField("Definition")!.GetValue(null)!;
    }

    public HostInterface Definition { get; }

    public object Host { get; }

    private string Implementation(INamedTypeSymbol made)
    {
        var code = new StringBuilder($"public sealed class Echo : {Name(made)}\n{{\n");
        foreach (var method in made.GetMembers().OfType<IMethodSymbol>())
        {
            var first = method.Parameters[0];
            var value = method.Parameters.Length == 1
                ? Convert(first.Type, method.ReturnType, first.Name)
                : $"({Convert(first.Type, ((INamedTypeSymbol)method.ReturnType).TupleElements[0].Type, first.Name)}, {method.Parameters[1].Name})";
            var parameters = string.Join(", ", method.Parameters.Select(parameter => $"{Name(parameter.Type)} {parameter.Name}"));
            code.Append($"    public {Name(method.ReturnType)} {method.Name}({parameters}) => {value};\n");
        }

        return code.Append("}\n").ToString();
    }

    // What a parameter becomes as a result: only strings and lists have other types there, and what has them inside.
    private string Convert(ITypeSymbol from, ITypeSymbol to, string value)
    {
        if (SymbolEqualityComparer.Default.Equals(from, to))
        {
            return value;
        }

        if (from.Name == nameof(GuestString))
        {
            return $"{value}.ToString()";
        }

        if (from.Name == nameof(ReadOnlySpan<>))
        {
            return $"{value}.ToArray()";
        }

        if (to.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T)
        {
            var some = $"x{_names++}";
            var inner = from.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T ? Arguments(from)[0] : from;
            return $"({value} is {{ }} {some} ? ({Name(to)}){Convert(inner, Arguments(to)[0], some)} : null)";
        }

        if (from is IArrayTypeSymbol)
        {
            return $"({Name(to)}){value}";
        }

        if (to is INamedTypeSymbol { IsTupleType: true, TupleElements.Length: > 1 } tuple)
        {
            var elements = ((INamedTypeSymbol)from).TupleElements.Select((element, i) =>
                $"({Name(tuple.TupleElements[i].Type)}){Convert(element.Type, tuple.TupleElements[i].Type, $"{value}.Item{i + 1}")}");
            return $"({string.Join(", ", elements)})";
        }

        return to.Name switch
        {
            "ValueTuple" => $"new {Name(to)}({Convert(Arguments(from)[0], Arguments(to)[0], $"{value}.Item1")})",
            "Some" => $"new {Name(to)}({Convert(Arguments(from)[0], Arguments(to)[0], $"{value}.Value")})",
            "Result" => $"({value}.IsOk ? {Name(to)}.Ok({Convert(Arguments(from)[0], Arguments(to)[0], $"{value}.Value")})"
                + $" : {Name(to)}.Error({Convert(Arguments(from)[1], Arguments(to)[1], $"{value}.ErrorValue")}))",
            _ => throw new NotSupportedException($"{from} to {to}"),
        };
    }

    private static System.Collections.Immutable.ImmutableArray<ITypeSymbol> Arguments(ITypeSymbol type) => ((INamedTypeSymbol)type).TypeArguments;

    private static string Name(ITypeSymbol type) => type.ToDisplayString(
        SymbolDisplayFormat.FullyQualifiedFormat.WithMiscellaneousOptions(
            SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier));
}
