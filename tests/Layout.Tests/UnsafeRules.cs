using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Skiff.Layout.Tests;

/// <summary>Rule 3: P/Invoke and unsafe code only in Linux and Engine.</summary>
public sealed class UnsafeRules
{
    private static readonly string[] NativeAttributes = ["DllImport", "LibraryImport", "UnmanagedCallersOnly", "UnmanagedFunctionPointer"];
    private static readonly string[] NativeTypes = ["NativeLibrary", "Marshal", "Unsafe", "NativeMemory"];

    [Fact]
    public void Only_Linux_and_Engine_are_unsafe() => Violations.None(
        Repository.CSharp("src", "apps").Where(file => !House.UnsafeRooms.Contains(file.Project)).SelectMany(Unsafe));

    [Fact]
    public void Only_Linux_and_Engine_allow_unsafe_blocks() => Violations.None(
        Repository.Files
            .Where(file => file.Path.EndsWith("proj", StringComparison.Ordinal) || file.Path.EndsWith(".props", StringComparison.Ordinal))
            .Select(ProjectFile.Parse)
            .Where(AllowsWrongly)
            .Select(project => $"{project.Path}: AllowUnsafeBlocks"));

    [Theory]
    [InlineData("""class C { [DllImport("libc")] static extern int close(int fd); }""")]
    [InlineData("""partial class C { [System.Runtime.InteropServices.LibraryImport("libc")] static partial int close(int fd); }""")]
    [InlineData("unsafe class C { }")]
    [InlineData("class C { void M() { unsafe { } } }")]
    [InlineData("class C { void M(int* p) { } }")]
    [InlineData("class C { delegate*<int, void> _p; }")]
    [InlineData("class C { void M() => System.Runtime.InteropServices.Marshal.FreeHGlobal(0); }")]
    [InlineData("class C { void M() => NativeLibrary.Load(\"x\"); }")]
    public void Unsafe_code_is_found(string text) => Assert.NotEmpty(Unsafe(new SourceFile("src/Oci/C.cs", text)));

    [Fact]
    public void Safe_code_is_not_found() => Assert.Empty(Unsafe(new SourceFile(
        "src/Oci/C.cs",
        """class C { /* unsafe */ string DllImport = "LibraryImport"; int M(System.Span<byte> p) => p.Length * 2; }""")));

    [Theory]
    [InlineData("src/Oci/Oci.csproj", true)]
    [InlineData("src/Directory.Build.props", true)]
    [InlineData("apps/Directory.Build.props", true)]
    [InlineData("Directory.Build.props", true)]
    [InlineData("src/Linux/Linux.csproj", false)]
    [InlineData("tests/Directory.Build.props", false)]
    public void A_project_that_allows_unsafe_blocks_is_found(string path, bool wrong) => Assert.Equal(
        wrong, AllowsWrongly(ReferenceRules.Parse(path, "<PropertyGroup><AllowUnsafeBlocks>true</AllowUnsafeBlocks></PropertyGroup>")));

    private static bool AllowsWrongly(ProjectFile project) =>
        project.Sets("AllowUnsafeBlocks")
        && project.Wing is not ("tests" or "bench")
        && !(project.Wing == "src" && House.UnsafeRooms.Contains(project.Name));

    private static IEnumerable<string> Unsafe(SourceFile file) => file.Root.DescendantNodes().SelectMany(node => node switch
    {
        AttributeSyntax attribute when NativeAttributes.Contains(LastName(attribute.Name)) => new[] { node },
        PointerTypeSyntax or FunctionPointerTypeSyntax or UnsafeStatementSyntax or FixedStatementSyntax => [node],
        MemberDeclarationSyntax member when member.Modifiers.Any(SyntaxKind.UnsafeKeyword) => [node],
        MemberAccessExpressionSyntax access when NativeTypes.Contains(LastName(access.Expression)) => [node],
        _ => [],
    }).Select(node => $"{file.At(node)}: {node.ToString().Split('\n')[0]}");

    private static string LastName(SyntaxNode name) => name.ToString().Split('.')[^1];
}
