using System.CommandLine;
using System.Text;
using System.Text.Json;
using Skiff.Cli.Doctor;
using Skiff.Linux;

namespace Skiff.Cli.Commands;

/// <summary><c>skiff doctor</c>: is this node ready, and if not, what is to be done. Exit code 1: there is a problem.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "The findings as JSON" };
        var sockets = PsCommand.SocketsOption();
        var cache = CacheLocation.Option();
        var command = new Command("doctor", "Look whether this node is ready to run Wasm containers, and say what to do where it is not") { json, sockets, cache };
        command.SetAction(async (parsed, _) =>
        {
            using var reaper = new ChildReaper(TimeProvider.System, subreaper: false);
            var findings = await LookAsync(new NodeView(reaper), CacheLocation.Open(parsed.GetValue(cache)).Root, parsed.GetValue(sockets)!);
            Console.Out.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(findings, FindingJson.Default.IReadOnlyListFinding) + "\n" : Report(findings));
            return findings.Any(finding => finding.Severity == Severity.Problem) ? 1 : 0;
        });
        return command;
    }

    internal static async Task<IReadOnlyList<Finding>> LookAsync(NodeView node, string cache, string sockets) =>
    [
        .. await ContainerdChecks.LookAsync(node),
        .. KernelChecks.Look(node),
        .. await SkiffChecks.LookAsync(node, cache, sockets),
    ];

    internal static string Report(IReadOnlyList<Finding> findings)
    {
        var text = new StringBuilder();
        foreach (var finding in findings)
        {
            text.Append($"{finding.Severity.ToString().ToLowerInvariant(),-8} {finding.Check,-15} {finding.Text}\n");
            if (finding.Fix is { } fix)
            {
                text.Append($"{"",-8} {"",-15} → {fix}\n");
            }
        }

        var (problems, warnings) = (findings.Count(one => one.Severity == Severity.Problem), findings.Count(one => one.Severity == Severity.Warning));
        return text.Append(problems == 0 ? $"ready, with {warnings} warnings\n" : $"not ready: {problems} problems, {warnings} warnings\n").ToString();
    }
}
