using Skiff.Functional;
using Skiff.Harness;

namespace Skiff.Conformance;

/// <summary>
/// A guest that holds many tests: <c>--list</c> prints the name of each, and behind a tab, for a test that must end in a trap, what the
/// trap's text must match; a name runs that test, which prints <c>ok NAME</c> or <c>FAIL NAME: why</c>.
/// </summary>
internal static class Suite
{
    /// <summary>Rows of (test, trap). A suite that was not built gives one row, whose test is skipped with the reason.</summary>
    public static async Task<IReadOnlyCollection<TheoryDataRow<string, string>>> TestsAsync(string guest)
    {
        var path = Path.Combine(Repository.Guests, guest);
        if (!File.Exists(path))
        {
            return [new TheoryDataRow<string, string>("(not built)", "")];
        }

        var list = (await SkiffProgram.RunAsync("run", path, "--list")).Succeeded();
        return [.. list.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))
            .Select(columns => new TheoryDataRow<string, string>(columns[0], columns.ElementAtOrDefault(1) ?? ""))];
    }

    public static async Task PassesAsync(string guest, string test, string trap, params string[] options)
    {
        var result = await SkiffProgram.RunAsync(["run", .. options, Guest.Needed(guest), test]);
        if (trap.Length == 0)
        {
            Assert.EndsWith($"ok {test}\n", result.Succeeded(), StringComparison.Ordinal);
            return;
        }

        // 128 + SIGABRT.
        Assert.True(result.ExitCode == 134, result.ToString());
        Assert.Matches(trap, result.Error);
        Assert.DoesNotContain("not trapped", result.Output, StringComparison.Ordinal);
    }
}
