using System.Globalization;
using System.Text.RegularExpressions;

namespace Skiff.Cli.Doctor;

/// <summary>containerd itself: its version, its configuration, the shims that it finds.</summary>
internal static partial class ContainerdChecks
{
    private static readonly string[] Shims =
        ["containerd-shim-skiff-v1", "containerd-shim-skiffnode-v1", "containerd-shim-wasmtime-v1", "containerd-shim-wasmtimed-v1"];

    private static readonly string[] RunProgramFiles = ["skiff", "libwasmtime.so"];

    public static async Task<IReadOnlyList<Finding>> LookAsync(NodeView node)
    {
        var running = node.Containerds();
        if (running.Count == 0)
        {
            var installed = node.Find("containerd", ContainerdProcess.UsualPath);
            return
            [
                installed is null
                    ? new Finding("containerd", Severity.Problem, "no containerd runs, and none is installed", "install containerd 1.6 or later, for example Debian's package containerd")
                    : new Finding("containerd", Severity.Problem, $"no containerd runs ({installed} is installed)", "systemctl start containerd"),
                .. await ShimsAsync(node, ContainerdProcess.UsualPath),
            ];
        }

        var findings = new List<Finding>();
        foreach (var containerd in running)
        {
            var release = containerd.Program is { } program && await node.RunAsync(program, "--version") is { } text && Version().Match(text) is { Success: true } match
                ? (Major: Number(match, 1), Minor: Number(match, 2), Text: match.Value)
                : default;
            findings.Add(OfVersion(containerd, release));
            findings.AddRange(ContainerdConfigCheck.Look(node.Read(containerd.ConfigFile), containerd.ConfigFile, release.Major, release.Minor));
            findings.AddRange(await ShimsAsync(node, containerd.SearchPath));
            findings.Add(OpenFiles(containerd));
        }

        return findings;
    }

    private static Finding OfVersion(ContainerdProcess containerd, (int Major, int Minor, string? Text) release) => release switch
    {
        (0, _, _) => new Finding("containerd", Severity.Warning, $"containerd {containerd.Program} (pid {containerd.Pid}) does not tell its version", "run skiff doctor as root"),
        (1, < 6, var text) => new Finding("containerd", Severity.Problem, $"containerd {text} is older than 1.6", "upgrade containerd"),
        (1, 6, var text) => new Finding(
            "containerd", Severity.Warning, $"containerd {text}: pulls no images of Wasm layers, forgets a server that dies with its containerd, and hands on no options but ConfigPath", "containerd 1.7 or later has none of these limits"),
        (_, _, var text) => Finding.Ok("containerd", $"containerd {text} (pid {containerd.Pid})"),
    };

    private static async Task<IReadOnlyList<Finding>> ShimsAsync(NodeView node, string searchPath)
    {
        var findings = new List<Finding>();
        string? version = null;
        foreach (var name in Shims)
        {
            if (node.Find(name, searchPath) is not { } path)
            {
                findings.Add(new Finding(
                    "shim",
                    name == Shims[0] ? Severity.Problem : Severity.Warning,
                    $"{name} is in none of the folders where containerd looks: {searchPath}",
                    $"link it into one of them, or write its absolute path as runtime_type"));
                continue;
            }

            // What follows the first line, which is the program's name.
            var answer = (await node.RunAsync(path, "-v"))?.ReplaceLineEndings(" ");
            var found = answer?[(answer.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            version ??= found;
            findings.Add(found switch
            {
                null => new Finding("shim", Severity.Problem, $"{path} -v fails", "install Skiff again: it is no program of this processor, or may not be executed"),
                _ when found != version => new Finding(
                    "shim", Severity.Warning, $"{path} is of another version ({found}) than {Shims[0]} ({version})", "install all of one version: the names are links to one program"),
                _ => Finding.Ok("shim", path),
            });
            if (name == Shims[0] && RunProgram(node, path) is { } missing)
            {
                findings.Add(missing);
            }
        }

        return findings;
    }

    // The shim looks for it beside its real file.
    private static Finding? RunProgram(NodeView node, string shim)
    {
        var real = node.Link(shim) is { } target ? Path.GetFullPath(target, Path.GetDirectoryName(shim)!) : shim;
        var home = Path.GetFullPath("../lib/skiff", Path.GetDirectoryName(real)!);
        var missing = RunProgramFiles.Where(file => !node.Exists(Path.Combine(home, file))).ToList();
        return missing.Count == 0
            ? Finding.Ok("run program", home)
            : new Finding("run program", Severity.Problem, $"{home} lacks {string.Join(" and ", missing)}", "install Skiff's lib/skiff beside the folder of the shim, or set SKIFF_HOME for containerd");
    }

    private static Finding OpenFiles(ContainerdProcess containerd)
    {
        const long Wanted = 65536;
        var line = containerd.Limits?.Split('\n').FirstOrDefault(text => text.StartsWith("Max open files", StringComparison.Ordinal));
        var words = line?["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is not [_, var hard, ..] ? new Finding("open files", Severity.Warning, $"the limits of containerd (pid {containerd.Pid}) cannot be read", "run skiff doctor as root")
            : long.TryParse(hard, CultureInfo.InvariantCulture, out var limit) && limit < Wanted ? new Finding(
                "open files", Severity.Warning, $"containerd and its shims may open {limit} files: a guest host holds 4 to 8 a guest", "LimitNOFILE=infinity in containerd's unit")
            : Finding.Ok("open files", $"containerd and its shims may open {hard}");
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+)\.(\d+)\.(\d+)")]
    private static partial Regex Version();
}
