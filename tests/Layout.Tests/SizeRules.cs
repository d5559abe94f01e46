using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Skiff.Layout.Tests;

/// <summary>Methods and files that one can take in. A ratchet: what is longer stands in House with its reason, until it is not.</summary>
public sealed class SizeRules
{
    public const int MethodLinesMax = 70;
    public const int FileLinesMax = 500;

    [Fact]
    public void Methods_have_at_most_70_lines() => Violations.None(
        Ratchet(Repository.CSharp("src", "apps").SelectMany(LongMethods), House.LongMethods, nameof(House.LongMethods)));

    [Fact]
    public void Files_have_at_most_500_lines() => Violations.None(
        Ratchet(Repository.CSharp("src", "apps").SelectMany(LongFiles), House.LongFiles, nameof(House.LongFiles)));

    [Theory]
    [InlineData(66, 0)]
    [InlineData(67, 1)]
    public void A_long_method_is_found(int bodyLines, int found)
    {
        // Signature, two braces and the local function's line besides the body; comments above a method are not its length.
        var text = $$"""
            /// <summary>
            /// A.
            /// </summary>
            class C
            {
                /// <summary>
                /// B.
                /// </summary>
                [Obsolete]
                void Long()
                {
                    void Local() { }
            {{string.Concat(Enumerable.Repeat("        ;\n", bodyLines))}}    }
            }
            """;
        Assert.Equal(found, LongMethods(new SourceFile("src/Oci/C.cs", text)).Count());
    }

    [Fact]
    public void Long_constructors_accessors_local_functions_and_programs_are_found()
    {
        var body = string.Concat(Enumerable.Repeat("    ;\n", 80));
        Assert.Contains("C", Assert.Single(LongMethods(new SourceFile("a.cs", $"class C {{ C()\n{{\n{body}}} }}"))).Key);
        Assert.Contains("P", Assert.Single(LongMethods(new SourceFile("a.cs", $"class C {{ int P {{ get\n{{\n{body}}} }} }}"))).Key);
        Assert.Equal(2, LongMethods(new SourceFile("a.cs", $"class C {{ void M() {{ void L()\n{{\n{body}}} }} }}")).Count());
        Assert.Contains("Main", Assert.Single(LongMethods(new SourceFile("a.cs", body))).Key);
    }

    [Fact]
    public void A_long_file_is_found()
    {
        Assert.Empty(LongFiles(new SourceFile("a.cs", string.Concat(Enumerable.Repeat("\n", 500)))));
        Assert.Single(LongFiles(new SourceFile("a.cs", string.Concat(Enumerable.Repeat("\n", 501)))));
    }

    [Fact]
    public void An_exception_that_is_no_longer_needed_is_found()
    {
        var exceptions = new Dictionary<string, string> { ["a.cs: M"] = "a reason", ["a.cs: N"] = "a reason" };
        Assert.Contains("a.cs: N", Assert.Single(Ratchet([new("a.cs: M", 99)], exceptions, "LongMethods")));
        Assert.Contains("a.cs: X", Assert.Single(Ratchet([new("a.cs: X", 99), new("a.cs: M", 99), new("a.cs: N", 99)], exceptions, "LongMethods")));
    }

    private static IEnumerable<string> Ratchet(IEnumerable<KeyValuePair<string, int>> found, IReadOnlyDictionary<string, string> exceptions, string table)
    {
        var all = found.ToList();
        return all.Where(entry => !exceptions.ContainsKey(entry.Key)).Select(entry => $"{entry.Key} has {entry.Value} lines")
            .Concat(exceptions.Keys.Except(all.Select(entry => entry.Key)).Select(key => $"{key} is short enough now: take it out of House.{table}"));
    }

    private static IEnumerable<KeyValuePair<string, int>> LongFiles(SourceFile file)
    {
        var lines = file.Text.AsSpan().TrimEnd('\n').Count('\n') + 1;
        lines = file.Text.Trim('\n').Length == 0 ? file.Text.Length : lines;
        return lines > FileLinesMax ? [new(file.Path, lines)] : [];
    }

    private static IEnumerable<KeyValuePair<string, int>> LongMethods(SourceFile file)
    {
        var statements = file.Root.ChildNodes().OfType<GlobalStatementSyntax>().ToList();
        var methods = file.Root.DescendantNodes().Select(node => node switch
        {
            MethodDeclarationSyntax method => (method.Identifier.Text, Lines(method, method.ReturnType)),
            ConstructorDeclarationSyntax constructor => (constructor.Identifier.Text, Lines(constructor, null)),
            LocalFunctionStatementSyntax function => (function.Identifier.Text, Lines(function, function.ReturnType)),
            AccessorDeclarationSyntax accessor => (accessor.Ancestors().OfType<PropertyDeclarationSyntax>().FirstOrDefault()?.Identifier.Text ?? "accessor", Lines(accessor, null)),
            BaseMethodDeclarationSyntax other => (other.Kind().ToString(), Lines(other, null)),
            _ => ("", 0),
        });
        if (statements.Count > 0)
        {
            methods = methods.Append(("Main", LineOf(statements[^1].Span.End) - LineOf(statements[0].SpanStart) + 1));
        }

        return methods.Where(method => method.Item2 > MethodLinesMax).Select(method => KeyValuePair.Create($"{file.Path}: {method.Item1}", method.Item2));

        int Lines(SyntaxNode node, SyntaxNode? returnType)
        {
            var start = returnType?.SpanStart ?? node.ChildTokens().First().SpanStart;
            return LineOf(node.Span.End) - LineOf(start) + 1;
        }

        int LineOf(int position) => file.Root.SyntaxTree.GetText().Lines.GetLineFromPosition(position).LineNumber;
    }
}
