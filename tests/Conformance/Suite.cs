using System.Globalization;
using Skiff.Functional;
using Skiff.Harness;

namespace Skiff.Conformance;

/// <summary>
/// A guest that holds many tests: <c>--list</c> prints the name of each, and behind a tab how it ends where that is not with 0 (see
/// <see cref="PassesAsync"/>); a name runs that test, which prints <c>ok NAME</c> or <c>FAIL NAME: why</c>.
/// </summary>
internal static class Suite
{
    /// <summary>Rows of (test, end). A suite that was not built gives one row, whose test is skipped with the reason.</summary>
    public static async Task<IReadOnlyCollection<TheoryDataRow<string, string>>> TestsAsync(string guest)
    {
        var path = Path.Combine(Repository.Guests, guest);
        if (!File.Exists(path))
        {
            return [new TheoryDataRow<string, string>("(not built)", "")];
        }

        using var folder = new WorkFolder();
        var list = (await SkiffProgram.RunAsync(["run", .. folder.Options, path, "--list"])).Succeeded();
        return [.. list.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))
            .Select(columns => new TheoryDataRow<string, string>(columns[0], columns.ElementAtOrDefault(1) ?? ""))];
    }

    /// <param name="end">
    /// Empty: the test passes. <c>=7</c>: the guest exits with that code. Anything else is a pattern for the text of the trap that the
    /// guest must end with; <c>?</c> before it: or the test passes.
    /// </param>
    public static async Task PassesAsync(string guest, string test, string end, params string[] options)
    {
        using var folder = new WorkFolder();
        var result = await SkiffProgram.RunWithInputAsync("input", ["run", .. folder.Options, .. options, Guest.Needed(guest), test]);
        if (end.StartsWith('='))
        {
            Assert.True(result.ExitCode == int.Parse(end[1..], CultureInfo.InvariantCulture), result.ToString());
        }
        else if (end.Length == 0 || (end[0] == '?' && result.ExitCode is 0 or 1))
        {
            Assert.EndsWith($"ok {test}\n", result.Succeeded(), StringComparison.Ordinal);
        }
        else
        {
            // 128 + SIGABRT.
            Assert.True(result.ExitCode == 134, result.ToString());
            Assert.Matches(end.TrimStart('?'), result.Error);
            Assert.DoesNotContain("not trapped", result.Output, StringComparison.Ordinal);
        }
    }
}
