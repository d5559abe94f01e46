namespace Skiff.Layout.Tests;

/// <summary>Rules 1 and 2: who may reference whom, and no way around it.</summary>
public sealed class ReferenceRules
{
    [Fact]
    public void Rooms_and_programs_reference_only_what_they_may() => Violations.None(Repository.Projects.SelectMany(Forbidden));

    [Fact]
    public void Nothing_goes_around_the_project_references() => Violations.None(Repository.Projects.SelectMany(Sneaked));

    [Fact]
    public void Transitive_references_are_off() =>
        Assert.Equal("true", ProjectFile.Parse(Repository.File("Directory.Build.props")).Xml.Descendants("DisableTransitiveProjectReferences").Single().Value);

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = ProjectFile.Parse(Repository.File("Skiff.slnx")).Xml;
        Assert.Equal(
            Repository.Projects.Select(project => project.Path).Order(StringComparer.Ordinal),
            solution.Descendants("Project").Select(project => (string)project.Attribute("Path")!).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("src/Guest/Guest.csproj", "../Oci/Oci.csproj", "Guest may not reference Oci")]
    [InlineData("src/Runner/Runner.csproj", "../Shim/Shim.csproj", "Runner may not reference Shim")]
    [InlineData("src/Attic/Attic.csproj", "../Oci/Oci.csproj", "no line in House.Rooms")]
    [InlineData("apps/containerd-shim/containerd-shim.csproj", "../../src/Engine/Engine.csproj", "containerd-shim may not reference Engine")]
    [InlineData("tests/Oci.Tests/Oci.Tests.csproj", "../../src/Shim/Shim.csproj", "Oci.Tests may not reference Shim")]
    public void A_forbidden_reference_is_found(string path, string include, string expected) => Assert.Contains(
        expected,
        Assert.Single(Forbidden(Parse(path, $"""<ItemGroup><ProjectReference Include="{include}" /></ItemGroup>"""))));

    [Theory]
    [InlineData("""<ItemGroup><Reference Include="x"><HintPath>a.dll</HintPath></Reference></ItemGroup>""")]
    [InlineData("""<ItemGroup><Compile Include="../Linux/PidFd.cs" /></ItemGroup>""")]
    [InlineData("""<PropertyGroup><DisableTransitiveProjectReferences>false</DisableTransitiveProjectReferences></PropertyGroup>""")]
    [InlineData("""<ItemGroup><InternalsVisibleTo Include="Skiff.Shim" /></ItemGroup>""")]
    public void A_way_around_is_found(string xml) => Assert.Single(Sneaked(Parse("src/Oci/Oci.csproj", xml)));

    internal static ProjectFile Parse(string path, string xml) => ProjectFile.Parse(new SourceFile(path, $"<Project>{xml}</Project>"));

    private static IEnumerable<string> Forbidden(ProjectFile project)
    {
        var allowed = project.Wing switch
        {
            "src" => House.Rooms.GetValueOrDefault(project.Name),
            "apps" => House.Programs.GetValueOrDefault(project.Name),
            "tests" => TestsOf(project.Name),
            _ => [.. House.Rooms.Keys],
        };
        return allowed is null
            ? [$"{project.Path}: {project.Name} has no line in House.Rooms or House.Programs"]
            : project.References
                .Where(name => House.Rooms.ContainsKey(name) && !allowed.Contains(name))
                .Select(name => $"{project.Path}: {project.Name} may not reference {name}");
    }

    // A room's tests see what the room sees; a test project of no room (Functional, Simulation) drives the whole and sees all.
    private static string[] TestsOf(string name)
    {
        const string Suffix = ".Tests";
        return name.EndsWith(Suffix, StringComparison.Ordinal) && House.Rooms.TryGetValue(name[..^Suffix.Length], out var rooms)
            ? [name[..^Suffix.Length], .. rooms, .. House.TestsSeeToo.GetValueOrDefault(name, [])]
            : [.. House.Rooms.Keys];
    }

    private static IEnumerable<string> Sneaked(ProjectFile project)
    {
        if (project.Sets("Reference"))
        {
            yield return $"{project.Path}: references an assembly by its file; use ProjectReference or PackageReference";
        }

        if (project.Sets("DisableTransitiveProjectReferences"))
        {
            yield return $"{project.Path}: changes DisableTransitiveProjectReferences, which holds rule 1";
        }

        // A test may share another test project's doubles; a room never compiles another room's source.
        foreach (var include in project.Includes("Compile").Where(include => include.StartsWith("..", StringComparison.Ordinal)))
        {
            if (project.Wing is "src" or "apps" || include.Contains("src/", StringComparison.Ordinal))
            {
                yield return $"{project.Path}: compiles {include} of another project";
            }
        }

        foreach (var friend in project.Includes("InternalsVisibleTo").Where(friend => House.Rooms.ContainsKey(friend.Replace("Skiff.", "", StringComparison.Ordinal))))
        {
            yield return $"{project.Path}: shows its internals to {friend}";
        }
    }
}
