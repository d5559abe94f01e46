using System.Globalization;

namespace Skiff.Cli.Doctor;

/// <summary>What Skiff itself needs and keeps: an OCI runtime, the cache of compiled code, its shims that run.</summary>
internal static class SkiffChecks
{
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private const long SpaceMin = 1L << 30;

    public static async Task<IReadOnlyList<Finding>> LookAsync(NodeView node, string cache, string sockets) =>
        [.. await RuntimesAsync(node), .. Cache(node, cache), .. await SocketsAsync(node, sockets)];

    private static async Task<IReadOnlyList<Finding>> RuntimesAsync(NodeView node)
    {
        const string Check = "OCI runtime";
        var findings = new List<Finding>();
        var searchPath = node.Containerds() is [var running, ..] ? running.SearchPath : ContainerdProcess.UsualPath;
        foreach (var name in new[] { "crun", "runc" })
        {
            if (node.Find(name, $"{searchPath}:{ContainerdProcess.UsualPath}") is { } path)
            {
                var answer = await node.RunAsync(path, "--version");
                findings.Add(answer is null
                    ? new Finding(Check, Severity.Warning, $"{path} --version fails", $"install {name} again")
                    : Finding.Ok(Check, $"{path}: {answer.Split('\n')[0]}"));
            }
        }

        if (findings.TrueForAll(finding => finding.Severity != Severity.Ok))
        {
            findings.Add(new Finding(Check, Severity.Problem, "neither crun nor runc is installed: no container of isolation container can be made", "install crun (twice as quick) or runc"));
        }
        else if (node.Read("/run/skiff/crun.unfit") is { } unfit)
        {
            findings.Add(new Finding(
                Check, Severity.Warning, $"crun has failed over this node's control groups, so runc is used: {unfit}", "see the findings on control groups, then remove /run/skiff/crun.unfit"));
        }

        return findings;
    }

    private static IEnumerable<Finding> Cache(NodeView node, string folder)
    {
        const string Check = "cache";
        var place = new DirectoryInfo(node.At(folder));
        if (!place.Exists)
        {
            yield return Finding.Ok(Check, $"{folder} is made with the first module");
            yield break;
        }

        if ((place.UnixFileMode & WritableByOthers) != 0)
        {
            yield return new Finding(
                Check, Severity.Problem, $"{folder} can be written by others than its owner, so the code in it is not used: whoever writes there runs code as root", $"chmod go-w {folder}, then skiff cache prune");
        }

        var bytes = place.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = 0 }).Sum(file => file.Length);
        var free = new DriveInfo(place.FullName).AvailableFreeSpace;
        yield return free < SpaceMin
            ? new Finding(Check, Severity.Warning, string.Create(CultureInfo.InvariantCulture, $"{free >> 20} MiB are free for {folder}, which holds {bytes >> 20} MiB"), "skiff cache prune, or cache_dir on a larger disk")
            : Finding.Ok(Check, string.Create(CultureInfo.InvariantCulture, $"{folder} holds {bytes >> 20} MiB, {free >> 20} MiB are free"));
    }

    private static async Task<IReadOnlyList<Finding>> SocketsAsync(NodeView node, string folder)
    {
        const string Check = "shims that run";
        var silent = new List<Finding>();
        var servers = await NodeShims.ListAsync(node.At(folder), (path, reason) => silent.Add(new Finding(
            Check, Severity.Warning, $"the shim at {path} does not answer: {reason}", "its log says more: skiff logs --shim, or containerd's own")));
        var guests = servers.Sum(server => server.Guests.Count);
        return [Finding.Ok(Check, string.Create(CultureInfo.InvariantCulture, $"{servers.Count}, with {guests} containers")), .. silent];
    }
}
