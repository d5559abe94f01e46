using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Skiff.Layout.Tests;

/// <param name="Path">Relative to the repository's root, with forward slashes.</param>
internal sealed record SourceFile(string Path, string Text)
{
    private SyntaxNode? _root;

    public SyntaxNode Root => _root ??= CSharpSyntaxTree.ParseText(Text).GetRoot();

    /// <summary>Name of the folder below src, apps, tests or bench: the project the file belongs to.</summary>
    public string Project => Path.Split('/') is [_, var project, _, ..] ? project : "";

    public string At(SyntaxNode node) => At(node.GetLocation().GetLineSpan().StartLinePosition.Line + 1);

    public string At(int line) => $"{Path}:{line}";
}
