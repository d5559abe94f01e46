using Skiff.Functional.Harness;

namespace Skiff.Functional.Guests;

/// <summary>A guest that no test runs is dead weight, or a test that was forgotten.</summary>
public sealed class CoverageTests
{
    [Fact]
    public void Every_guest_is_run_by_a_test()
    {
        var tests = string.Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests/Functional"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.EndsWith("CoverageTests.cs", StringComparison.Ordinal)).Select(File.ReadAllText));

        var forgotten = Directory.EnumerateFiles(Repository.Guests).Select(Path.GetFileName)
            .Where(name => !tests.Contains($"/{name}", StringComparison.Ordinal) && !tests.Contains($"\"{name}\"", StringComparison.Ordinal));

        Assert.Empty(forgotten);
    }
}
