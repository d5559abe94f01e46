using System;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using Skiff.WitBindings.Emission;
using Skiff.WitBindings.Model;
using Skiff.WitBindings.Syntax;

namespace Skiff.WitBindings;

/// <summary>
/// Makes C# of the project's <c>AdditionalFiles</c> that end in <c>.wit</c>. Metadata of a file: <c>WitNamespace</c> says that its C#
/// is in another assembly, and under which namespace; <c>WitFeatures</c> names the <c>@unstable</c> features that are wanted, with commas
/// (what is not wanted is left out). A project that uses them makes them visible by <c>CompilerVisibleItemMetadata</c>.
/// </summary>
[Generator]
public sealed class BindingGenerator : IIncrementalGenerator
{
    private const string Category = "WIT";

    private static readonly DiagnosticDescriptor Syntax =
        new("WIT001", "WIT syntax", "{0}", Category, DiagnosticSeverity.Error, isEnabledByDefault: true);

    private static readonly DiagnosticDescriptor Meaning =
        new("WIT002", "WIT names", "{0}", Category, DiagnosticSeverity.Error, isEnabledByDefault: true);

    private static readonly DiagnosticDescriptor NotBound =
        new("WIT003", "WIT that is not bound yet", "{0}", Category, DiagnosticSeverity.Error, isEnabledByDefault: true);

    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var files = context.AdditionalTextsProvider
            .Where(static file => file.Path.EndsWith(".wit", StringComparison.Ordinal))
            .Combine(context.AnalyzerConfigOptionsProvider)
            .Select(static (pair, cancellation) => Read(pair.Left, pair.Right, cancellation));
        var outputs = files.Collect().Select(static (sources, _) => Generate(sources));
        context.RegisterSourceOutput(outputs.SelectMany(static (output, _) => output.Files), static (context, file) =>
            context.AddSource(file.Name, SourceText.From(file.Text, Encoding.UTF8)));
        context.RegisterSourceOutput(outputs.SelectMany(static (output, _) => output.Problems), static (context, problem) =>
            context.ReportDiagnostic(Report(problem)));
    }

    private static WitSource Read(AdditionalText file, AnalyzerConfigOptionsProvider options, CancellationToken cancellation)
    {
        var metadata = options.GetOptions(file);
        metadata.TryGetValue("build_metadata.AdditionalFiles.WitNamespace", out var elsewhere);
        metadata.TryGetValue("build_metadata.AdditionalFiles.WitFeatures", out var features);
        options.GlobalOptions.TryGetValue("build_property.RootNamespace", out var root);
        var isReferenceOnly = !string.IsNullOrEmpty(elsewhere);
        return new WitSource(
            WitParser.Parse(file.Path, file.GetText(cancellation)?.ToString() ?? ""),
            isReferenceOnly ? elsewhere! : string.IsNullOrEmpty(root) ? "Bindings" : root + ".Bindings",
            isReferenceOnly,
            new((features ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)));
    }

    private static Output Generate(ImmutableArray<WitSource> sources)
    {
        var (interfaces, problems) = Resolver.Resolve(sources);
        // With a problem, what is missing would be reported a second time by the compiler, in worse words.
        var files = problems.Count > 0 ? [] : interfaces.Where(model => !model.IsReferenceOnly).Select(model =>
            new GeneratedFile($"{model.Namespace}.{Naming.Pascal(model.Syntax.Name)}.g.cs", InterfaceEmitter.Emit(model)));
        return new Output(new([.. files]), new([.. problems]));
    }

    private static Diagnostic Report(WitProblem problem)
    {
        var place = problem.Place;
        var start = new LinePosition(place.Line, place.Column);
        var location = Location.Create(
            place.File, new TextSpan(place.Offset, place.Length), new LinePositionSpan(start, new LinePosition(place.Line, place.Column + place.Length)));
        return Diagnostic.Create(
            problem.Kind switch { ProblemKind.Syntax => Syntax, ProblemKind.Meaning => Meaning, _ => NotBound }, location, problem.Message);
    }

    private sealed record GeneratedFile(string Name, string Text);

    private sealed record Output(Items<GeneratedFile> Files, Items<WitProblem> Problems);
}
