using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Skiff.Layout.Tests;

/// <summary>Rule 4 and the reasons for packages: which package where, each with a labelled reason, none unused.</summary>
public sealed class PackageRules
{
    private const int ReasonCharactersMin = 6;
    private static readonly string[] WebServer = ["Microsoft.AspNetCore", "Microsoft.Extensions.DependencyInjection"];

    [Fact]
    public void Packages_are_referenced_only_where_they_may_be() => Violations.None(Repository.Projects.SelectMany(Misplaced));

    [Fact]
    public void Packages_are_named_only_where_they_may_be() => Violations.None(Repository.CSharp("src", "apps").SelectMany(Named));

    [Fact]
    public void The_web_server_is_only_where_it_may_be() => Violations.None(
        Repository.Projects.SelectMany(WebReferences).Concat(Repository.CSharp("src", "apps", "tests").SelectMany(WebNames)));

    [Fact]
    public void Every_package_has_a_reason_an_exact_version_and_a_user()
    {
        var used = Repository.Files
            .Where(file => file.Path.EndsWith("proj", StringComparison.Ordinal) || file.Path.EndsWith(".props", StringComparison.Ordinal))
            .SelectMany(file => ProjectFile.Parse(file).Includes("PackageReference"))
            .ToHashSet();
        Violations.None(Unreasoned(ProjectFile.Parse(Repository.File("Directory.Packages.props")), used));
    }

    [Theory]
    [InlineData("src/Oci/Oci.csproj", "Google.Protobuf", 1)]
    [InlineData("src/Shim/Shim.csproj", "Google.Protobuf", 0)]
    [InlineData("src/Images/Images.csproj", "Grpc.Net.Client", 0)]
    [InlineData("src/Shim/Shim.csproj", "Grpc.Net.Client", 1)]
    [InlineData("src/Shim/Shim.csproj", "Left.Pad", 1)]
    [InlineData("tests/Functional/Functional.csproj", "Grpc.Net.Client", 0)]
    public void A_misplaced_package_is_found(string path, string package, int found) => Assert.Equal(
        found, Misplaced(ReferenceRules.Parse(path, $"""<ItemGroup><PackageReference Include="{package}" /></ItemGroup>""")).Count());

    [Theory]
    [InlineData("src/Sandbox/C.cs", "using Google.Protobuf;", 1)]
    [InlineData("src/Sandbox/C.cs", "using Google.Protobuf.WellKnownTypes;", 1)]
    [InlineData("src/Sandbox/C.cs", "class C { global::Grpc.Core.Status _status; }", 1)]
    [InlineData("apps/skiff/C.cs", "using Grpc.Net.Client;", 1)]
    [InlineData("src/Shim/C.cs", "using Google.Protobuf;", 0)]
    [InlineData("src/Sandbox/C.cs", "using GrpcLike; class C { string s = \"Grpc.Core\"; }", 0)]
    public void A_package_named_through_another_room_is_found(string path, string text, int found) =>
        Assert.Equal(found, Named(new SourceFile(path, text)).Distinct().Count());

    [Fact]
    public void A_web_server_is_found()
    {
        Assert.Single(WebReferences(ReferenceRules.Parse("src/Oci/Oci.csproj", """<ItemGroup><FrameworkReference Include="Microsoft.AspNetCore.App" /></ItemGroup>""")));
        Assert.Single(WebReferences(ProjectFile.Parse(new SourceFile("src/Oci/Oci.csproj", """<Project Sdk="Microsoft.NET.Sdk.Web" />"""))));
        Assert.NotEmpty(WebNames(new SourceFile("src/Oci/C.cs", "using Microsoft.AspNetCore.Builder;")));
    }

    [Fact]
    public void A_package_without_reason_exact_version_or_user_is_found()
    {
        var props = ReferenceRules.Parse(
            "Directory.Packages.props",
            """
            <ItemGroup><PackageVersion Include="A" Version="1.0.0" /></ItemGroup>
            <ItemGroup Label="A good reason."><PackageVersion Include="B" Version="1.*" /><PackageVersion Include="C" Version="1.0.0" /></ItemGroup>
            """);
        Assert.Equal(3, Unreasoned(props, ["A", "B"]).Count());
    }

    private static IEnumerable<string> Misplaced(ProjectFile project) => project.Wing is "tests" or "bench"
        ? []
        : project.Includes("PackageReference").Where(package => !IsAllowed(package, project.Name)).Select(package =>
            $"{project.Path}: {package} is not allowed in {project.Name} (House.Packages)");

    private static bool IsAllowed(string package, string project) =>
        House.Packages.TryGetValue(package, out var allowed) && (allowed.Contains(project) || allowed is ["*"]);

    private static IEnumerable<string> Named(SourceFile file) =>
        from name in QualifiedNames(file)
        from entry in House.PackageOfNamespace
        where Begins(name, entry.Key) && !IsAllowed(entry.Value, file.Project)
        select $"{file.Path}: names {entry.Key} of the package {entry.Value}";

    private static IEnumerable<string> WebReferences(ProjectFile project)
    {
        if (House.WebServerProjects.Contains(project.Name) && project.Wing is "src" or "tests" or "bench")
        {
            yield break;
        }

        if (((string?)project.Xml.Attribute("Sdk"))?.Contains("Web", StringComparison.Ordinal) == true)
        {
            yield return $"{project.Path}: uses the Web SDK";
        }

        foreach (var reference in project.Includes("FrameworkReference").Concat(project.Includes("PackageReference")).Where(name => WebServer.Any(web => Begins(name, web))))
        {
            yield return $"{project.Path}: references {reference}";
        }
    }

    private static IEnumerable<string> WebNames(SourceFile file) =>
        House.WebServerProjects.Contains(file.Project) ? [] : QualifiedNames(file).Where(name => WebServer.Any(web => Begins(name, web))).Distinct().Select(name => $"{file.Path}: names {name}");

    private static IEnumerable<string> QualifiedNames(SourceFile file) => file.Root.DescendantNodes()
        .Where(node => node is UsingDirectiveSyntax or QualifiedNameSyntax or MemberAccessExpressionSyntax)
        .Select(node => (node is UsingDirectiveSyntax directive ? directive.NamespaceOrType.ToString() : node.ToString()).Replace("global::", "", StringComparison.Ordinal));

    private static bool Begins(string name, string words) =>
        name.StartsWith(words, StringComparison.Ordinal) && (name.Length == words.Length || name[words.Length] == '.');

    private static IEnumerable<string> Unreasoned(ProjectFile props, HashSet<string> used)
    {
        foreach (var package in props.Xml.Descendants("PackageVersion"))
        {
            var (name, version) = ((string)package.Attribute("Include")!, (string?)package.Attribute("Version"));
            if (((string?)package.Parent!.Attribute("Label") ?? "").Length < ReasonCharactersMin)
            {
                yield return $"{name}: its ItemGroup has no Label that says why we need it";
            }

            if (version is null || version.AsSpan().ContainsAny("*[]()"))
            {
                yield return $"{name}: '{version}' is not one exact version";
            }

            if (!used.Contains(name))
            {
                yield return $"{name}: no project uses it";
            }
        }
    }
}
