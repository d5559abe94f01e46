using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Skiff.Cli.Doctor;

/// <summary>What of containerd's configuration concerns Skiff: the runtimes of the CRI, which Kubernetes asks for by name.</summary>
internal static class ContainerdConfigCheck
{
    private const string Check = "configuration";

    private static readonly string[] OurNames = ["skiff", "wasmtime"];

    private const string Docs = "docs/configuration.md has the lines";

    /// <param name="text">The file; null: there is none.</param>
    /// <param name="major">Of containerd's version; 0: not known.</param>
    public static IReadOnlyList<Finding> Look(string? text, string file, int major, int minor)
    {
        if (text is null)
        {
            return [new Finding(Check, Severity.Warning, $"{file} is not there: ctr and Docker can name Skiff's runtimes, Kubernetes cannot", $"write a runtime for Skiff into it: {Docs}")];
        }

        var document = SyntaxParser.Parse(text, file);
        if (document.HasErrors)
        {
            return [new Finding(Check, Severity.Problem, $"{file} is not valid TOML: {document.Diagnostics.First()}", "mend the line, then systemctl restart containerd")];
        }

        var findings = new List<Finding>();
        if (Items(document.KeyValues, "disabled_plugins").Any(plugin => plugin is "cri" or "io.containerd.grpc.v1.cri"))
        {
            findings.Add(new Finding(Check, Severity.Warning, $"{file} disables containerd's CRI: Kubernetes cannot use this node", "take cri out of disabled_plugins (Docker's package writes it), unless Docker alone uses containerd"));
        }

        var tables = document.Tables.Select(table => (Name: Words($"{table.Name}"), Table: table)).ToList();
        var runtimes = tables.Where(one => one.Name is [.., "runtimes", _] && OfSkiff(Value(one.Table, "runtime_type"))).ToList();
        if (runtimes.Count == 0)
        {
            findings.Add(new Finding(Check, Severity.Warning, $"{file} has no runtime of Skiff's for Kubernetes", $"add one: {Docs}"));
        }

        foreach (var (name, table) in runtimes)
        {
            var options = tables.FirstOrDefault(one => one.Name.SequenceEqual([.. name, "options"])).Table;
            findings.AddRange(OfRuntime(name[^1], table, options, file, major, minor));
        }

        return findings;
    }

    private static IEnumerable<Finding> OfRuntime(string name, TableSyntaxBase table, TableSyntaxBase? options, string file, int major, int minor)
    {
        var keys = options?.Items.Select(item => $"{item.Key}".Trim().Trim('"')).ToList() ?? [];
        if (options is not null && major == 2 && Value(table, "sandboxer") == "shim")
        {
            yield return new Finding(
                Check, Severity.Problem, $"runtime {name} in {file} has sandboxer = \"shim\" and an options table: containerd 2 refuses every container of such a pod", "take the options out, and write what is needed into the environment of containerd (SKIFF_…)");
        }
        else if ((major, minor) == (1, 6) && keys.Exists(key => key != "ConfigPath" && key != "TypeUrl"))
        {
            yield return new Finding(
                Check, Severity.Problem, $"runtime {name} in {file} has options that containerd 1.6 does not hand on: {string.Join(", ", keys)}", "write them into a file and ConfigPath = \"FILE\" into the table");
        }
        else
        {
            yield return Finding.Ok(Check, $"runtime {name}: {Value(table, "runtime_type")}");
        }
    }

    private static bool OfSkiff(string? type) => type is not null
        && OurNames.Any(word => type.Contains($"io.containerd.{word}", StringComparison.Ordinal) || type.Contains($"containerd-shim-{word}", StringComparison.Ordinal));

    private static string? Value(TableSyntaxBase table, string key) =>
        table.Items.FirstOrDefault(item => $"{item.Key}".Trim() == key)?.Value is StringValueSyntax text ? text.Value : null;

    private static IEnumerable<string?> Items(SyntaxList<KeyValueSyntax> keys, string key) =>
        keys.FirstOrDefault(item => $"{item.Key}".Trim() == key)?.Value is ArraySyntax array ? array.Items.Select(item => (item.Value as StringValueSyntax)?.Value) : [];

    /// <summary>The words of a dotted key; quotes hold dots together.</summary>
    private static List<string> Words(string key)
    {
        var words = new List<string> { "" };
        var quote = '\0';
        foreach (var character in key.Trim())
        {
            if (character == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && character is '"' or '\'')
            {
                quote = character;
            }
            else if (quote == '\0' && character == '.')
            {
                words.Add("");
            }
            else
            {
                words[^1] += character;
            }
        }

        return [.. words.Select(word => word.Trim())];
    }
}
