using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;

namespace Skiff.Layout.Tests;

/// <summary>Every room introduces itself, every guest has a test, and no folder has a name that says nothing.</summary>
public sealed class RoomRules
{
    private static readonly string[] EmptyNames = ["Core", "Common", "Utils", "Util", "Helpers", "Misc", "Shared"];
    private static readonly string[] GuestSources = [".wat", ".c", ".rs", ".js"];

    [Fact]
    public void Every_room_has_a_README() => Violations.None(Unintroduced([.. Repository.Files.Select(file => file.Path)]));

    [Fact]
    public void Every_guest_has_a_test()
    {
        // A guest may also serve a benchmark only, as the peer that it is measured against.
        var tests = Repository.CSharp("tests", "bench").Where(file => file.Project != "Layout.Tests");
        Violations.None(Untested(Repository.Files.Select(file => file.Path), tests));
    }

    [Fact]
    public void No_folder_is_named_for_nothing() => Violations.None(NamedForNothing(Repository.Files.Select(file => file.Path)));

    [Fact]
    public void A_room_without_README_is_found() =>
        Assert.Contains("Oci", Assert.Single(Unintroduced(["src/Oci/Oci.csproj", "src/Guest/Guest.csproj", "src/Guest/README.md"])));

    [Fact]
    public void A_guest_without_a_test_is_found()
    {
        string[] guests = ["tests/Guests/text/hello.wat", "tests/Guests/box/main.rs", "tests/Guests/text/exit42.wat", "tests/Guests/README.md"];
        SourceFile[] tests = [new("tests/Functional/A.cs", """class A { string a = "hello.wasm", b = "a box", c = "exit4"; /* "exit42" */ }""")];
        Assert.Contains("exit42", Assert.Single(Untested(guests, tests)));
    }

    [Fact]
    public void A_name_that_says_nothing_is_found()
    {
        Assert.Single(NamedForNothing(["src/Oci/Utils/A.cs", "src/Oci/Utils/B.cs", "src/Oci/Parsing/A.cs", "tests/Oci.Tests/Core.cs"]));
        Assert.Single(NamedForNothing(["src/Shim/Helpers.cs"]));
    }

    private static IEnumerable<string> Unintroduced(HashSet<string> paths) => paths
        .Where(path => path.StartsWith("src/", StringComparison.Ordinal) && path.EndsWith(".csproj", StringComparison.Ordinal))
        .Select(path => path[..path.LastIndexOf('/')])
        .Where(room => !paths.Contains(room + "/README.md"))
        .Select(room => $"{room}: no README.md");

    /// <summary>A guest is named after its source, or after its folder where that holds a source called main.</summary>
    private static IEnumerable<string> Untested(IEnumerable<string> paths, IEnumerable<SourceFile> tests)
    {
        var literals = string.Join('\n', tests.SelectMany(file => file.Root.DescendantTokens())
            .Where(token => token.Kind() is SyntaxKind.StringLiteralToken or SyntaxKind.InterpolatedStringTextToken
                or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken or SyntaxKind.Utf8StringLiteralToken)
            .Select(token => token.ValueText));
        var all = paths.ToHashSet();
        return all
            .Where(path => path.StartsWith("tests/Guests/", StringComparison.Ordinal) && GuestSources.Contains(Path.GetExtension(path)))
            .Select(path => (path, name: GuestName(path, all)))
            .Where(guest => !Regex.IsMatch(literals, $@"(?<![\w-]){Regex.Escape(guest.name)}(?![\w-])"))
            .Select(guest => $"{guest.path}: no test names the guest '{guest.name}'");
    }

    private static string GuestName(string path, HashSet<string> all)
    {
        var folder = Path.GetDirectoryName(path)!;
        var isOfMany = all.Contains($"{folder}/main{Path.GetExtension(path)}");
        return isOfMany ? Path.GetFileName(folder) : Path.GetFileNameWithoutExtension(path);
    }

    private static IEnumerable<string> NamedForNothing(IEnumerable<string> paths) => paths
        .Where(path => path.StartsWith("src/", StringComparison.Ordinal) || path.StartsWith("apps/", StringComparison.Ordinal))
        .SelectMany(path => path.Split('/'), (path, part) => (path, part))
        .Where(entry => EmptyNames.Contains(Path.GetFileNameWithoutExtension(entry.part)))
        .Select(entry => entry.path[..(entry.path.IndexOf(entry.part, StringComparison.Ordinal) + entry.part.Length)])
        .Distinct();
}
