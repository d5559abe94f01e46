using System.Text.RegularExpressions;

namespace Skiff.Layout.Tests;

/// <summary>Words that must not stand in the repository, and the shape of its Markdown. The words are put together here, so that this file passes.</summary>
public sealed partial class TextRules
{
    private static readonly string[] Code =
        [".cs", ".csproj", ".props", ".slnx", ".sh", ".c", ".h", ".rs", ".wat", ".wit", ".proto", ".yml", ".yaml", ".json", "Makefile"];

    private static readonly Regex Unfinished = new(@"\b(" + string.Join('|', "TO" + "DO", "FIX" + "ME", "HA" + "CK") + @")\b");

    // Absolute paths of the machine the project is made on. "$X/work/" is somebody's own folder and fine.
    private static readonly Regex MachinePath = new(@"(?<![\w.$)}>/*…-])/" + @"(work/|tmp" + @"/w(?![\w.-])|root/\.)");

    private static readonly Regex PackageRegistry = new(
        @"\b(" + string.Join('|', "nuget\\." + "org", "npmjs\\." + "(com|org)", "crates\\." + "io", "pypi\\." + "org", "proxy\\.golang\\." + "org", "rubygems\\." + "org", "deb\\.debian\\." + "org") + @")\b");

    [Fact]
    public void Nothing_is_left_for_later() => Violations.None(Repository.Files.Where(IsCode).SelectMany(file => Matches(file, Unfinished)));

    [Fact]
    public void No_path_of_this_machine_stands_in_a_file() => Violations.None(Repository.Files.SelectMany(file => Matches(file, MachinePath)));

    [Fact]
    public void No_package_registry_stands_in_a_file() => Violations.None(Repository.Files.SelectMany(file => Matches(file, PackageRegistry)));

    [Fact]
    public void Markdown_begins_with_its_only_title() => Violations.None(
        Repository.Files.Where(file => file.Path.EndsWith(".md", StringComparison.Ordinal)).SelectMany(WrongTitles));

    [Fact]
    public void An_unfinished_word_is_found()
    {
        Assert.Single(Matches(new SourceFile("a.cs", "// TO" + "DO: later"), Unfinished));
        Assert.Single(Matches(new SourceFile("a.cs", "// x\n// FIX" + "ME\n"), Unfinished));
        Assert.Empty(Matches(new SourceFile("a.cs", "int todoList, Mastodon; // hackney, docs/hacking.md"), Unfinished));
    }

    [Fact]
    public void A_path_of_this_machine_is_found()
    {
        Assert.Single(Matches(new SourceFile("a.sh", "cd /wo" + "rk/main"), MachinePath));
        Assert.Single(Matches(new SourceFile("a.sh", "git clone \"/tmp" + "/w/hub.git\""), MachinePath));
        Assert.Single(Matches(new SourceFile("a.sh", "/root" + "/.nu" + "get"), MachinePath));
        Assert.Empty(Matches(new SourceFile("a.sh", "$HOME/work/x <root>/…/work/y /tmp/work ./work/z /tmp/w.sock"), MachinePath));
    }

    [Fact]
    public void A_package_registry_is_found()
    {
        Assert.Single(Matches(new SourceFile("a.xml", "https://api.nuget" + ".org/v3"), PackageRegistry));
        Assert.Empty(Matches(new SourceFile("a.cs", "docker.io/library/hello:1, https://json.schemastore.org"), PackageRegistry));
    }

    [Theory]
    [InlineData("# A\n\ntext\n", 0)]
    [InlineData("# A\n```\n# comment\n```\n", 0)]
    [InlineData("text\n# A\n", 1)]
    [InlineData("# A\n# B\n", 1)]
    [InlineData("## A\n", 1)]
    [InlineData("", 1)]
    public void A_wrong_title_is_found(string text, int found) => Assert.Equal(found, WrongTitles(new SourceFile("a.md", text)).Count());

    private static bool IsCode(SourceFile file) => Code.Any(ending => file.Path.EndsWith(ending, StringComparison.Ordinal));

    private static IEnumerable<string> Matches(SourceFile file, Regex regex) => file.Text.Split('\n')
        .Select((line, index) => (line, index))
        .Where(entry => regex.IsMatch(entry.line))
        .Select(entry => $"{file.At(entry.index + 1)}: {entry.line.Trim()}");

    private static IEnumerable<string> WrongTitles(SourceFile file)
    {
        var prose = Fenced().Replace(file.Text, "");
        var titles = prose.Split('\n').Count(line => line.StartsWith("# ", StringComparison.Ordinal));
        if (titles != 1 || !prose.StartsWith("# ", StringComparison.Ordinal))
        {
            yield return $"{file.Path}: {titles} titles; it should begin with one '# ' and have no other";
        }
    }

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fenced();
}
