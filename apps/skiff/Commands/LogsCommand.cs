using System.CommandLine;
using Skiff.Guest;

namespace Skiff.Cli.Commands;

/// <summary><c>skiff logs</c>: what the node's servers and guest hosts have said, and where a container's own output is.</summary>
internal static class LogsCommand
{
    /// <summary>Where the kubelet keeps a link to each container's log, named <c>POD_NAMESPACE_CONTAINER-ID.log</c>.</summary>
    private const string KubeletLogs = "/var/log/containers";

    public static Command Create()
    {
        var container = new Argument<string?>("CONTAINER")
        {
            Description = "A container as skiff ps shows it, or the first characters of its id",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var folder = PsCommand.SocketsOption();
        var run = new Option<string>("--run") { Description = "Folder of Skiff's own logs", HelpName = "DIR", DefaultValueFactory = _ => NodeStatus.RunFolder };
        var shim = new Option<bool>("--shim") { Description = "The servers of isolation node only" };
        var host = new Option<bool>("--host") { Description = "The guest hosts only" };
        var command = new Command("logs", "Print Skiff's own logs, or a container's output where it is in a file") { container, folder, run, shim, host };
        command.SetAction(async (parsed, _) =>
        {
            try
            {
                if (parsed.GetValue(container) is { } id)
                {
                    var file = FileOf(Find(await PsCommand.ListAsync(parsed.GetValue(folder)!), id), KubeletLogs);
                    await PrintAsync(file);
                }
                else
                {
                    await PrintOwnAsync(parsed.GetValue(run)!, parsed.GetValue(shim) || !parsed.GetValue(host), parsed.GetValue(host) || !parsed.GetValue(shim));
                }

                return 0;
            }
            catch (Exception fault) when (fault is GuestException or IOException or UnauthorizedAccessException)
            {
                Outcome.Complain(fault.Message);
                return 1;
            }
        });
        return command;
    }

    /// <exception cref="GuestException">None has this id, or several begin so.</exception>
    internal static (string Namespace, GuestStatus Guest) Find(IReadOnlyList<ServerStatus> servers, string id)
    {
        var all = servers.SelectMany(server => server.Guests.Select(guest => (server.Namespace, guest))).ToList();
        var found = all.Where(one => one.guest.Id == id).ToList();
        found = found.Count > 0 ? found : [.. all.Where(one => one.guest.Id.StartsWith(id, StringComparison.Ordinal))];
        return found switch
        {
            [var only] => only,
            [] => throw new GuestException($"no shim of this node has a container '{id}': skiff ps lists them"),
            _ => throw new GuestException($"several containers begin with '{id}': {string.Join(", ", found.Select(one => $"{one.Namespace}/{one.guest.Id}"))}"),
        };
    }

    /// <summary>The file that a container's output goes to.</summary>
    /// <exception cref="GuestException">It goes to none that can be known here; the text says who has it.</exception>
    internal static string FileOf((string Namespace, GuestStatus Guest) container, string kubeletLogs)
    {
        var (owner, guest) = container;
        if (guest.Output is { } output && output.StartsWith("file://", StringComparison.Ordinal))
        {
            return new Uri(output).LocalPath;
        }

        if (Directory.Exists(kubeletLogs) && Directory.EnumerateFiles(kubeletLogs, $"*-{guest.Id}.log").FirstOrDefault() is { } kept)
        {
            return kept;
        }

        throw new GuestException(guest.Output switch
        {
            null => $"the shim of {guest.Id} is of an older version, which does not tell where the output goes",
            "" => $"the output of {guest.Id} goes nowhere: whoever made the container asked for none",
            _ when guest.Output.StartsWith("binary://", StringComparison.Ordinal) => $"the output of {guest.Id} is taken by a logging program: {guest.Output}",
            _ => owner switch
            {
                "k8s.io" => $"the output of {guest.Id} goes to containerd's CRI: crictl logs {guest.Id}, or kubectl logs",
                "moby" => $"the output of {guest.Id} goes to Docker: docker logs {guest.Id}",
                _ => $"the output of {guest.Id} goes to the client that made it, over {guest.Output}: with ctr, ctr --namespace {owner} task attach {guest.Id}",
            },
        });
    }

    private static async Task PrintOwnAsync(string folder, bool shims, bool hosts)
    {
        var pattern = NodeStatus.ServerLog("*");
        var files = new List<string>();
        if (Directory.Exists(folder))
        {
            // The older part first: PATH.old, then PATH.
            files.AddRange(shims ? Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal).SelectMany(WithOld) : []);
            files.AddRange(hosts && File.Exists(Path.Combine(folder, NodeStatus.HostLog)) ? WithOld(Path.Combine(folder, NodeStatus.HostLog)) : []);
        }

        if (files.Count == 0)
        {
            throw new GuestException(
                $"nothing has been logged in {folder}: only isolation node and pod keep logs there; the shims of isolation container write to containerd's own log (journalctl -u containerd)");
        }

        foreach (var file in files)
        {
            Console.Out.WriteLine($"==> {file}");
            await Console.Out.FlushAsync();
            await PrintAsync(file);
        }
    }

    private static IEnumerable<string> WithOld(string path) => File.Exists(path + ".old") ? [path + ".old", path] : [path];

    private static async Task PrintAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        await using var output = Console.OpenStandardOutput();
        await file.CopyToAsync(output);
    }
}
