using Skiff.Linux;

namespace Skiff.Cli.Doctor;

/// <summary>What the checks see of a node: its files, and what its programs answer.</summary>
/// <param name="reaper">Starts the programs; the process's only one.</param>
/// <param name="root">Stands for <c>/</c>, for tests on recorded files.</param>
internal sealed class NodeView(ChildReaper reaper, string root = "/")
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);

    /// <summary>Where a path of the node lies.</summary>
    public string At(string path) => root == "/" ? path : root + path;

    /// <summary>Null: it is not there, or may not be read.</summary>
    public string? Read(string path)
    {
        try
        {
            return File.ReadAllText(At(path));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public bool Exists(string path) => Path.Exists(At(path));

    /// <summary>The target of a link, as it is written there; null: it is none.</summary>
    public string? Link(string path)
    {
        try
        {
            return new FileInfo(At(path)).LinkTarget;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The first program of that name in the folders of a search path; null: there is none.</summary>
    public string? Find(string name, string searchPath) =>
        searchPath.Split(':').Where(Path.IsPathRooted).Select(folder => Path.Combine(folder, name)).FirstOrDefault(Exists);

    /// <summary>What a program prints, both streams together; null: it cannot be run, fails, or takes longer than 5 s.</summary>
    public async Task<string?> RunAsync(string program, params string[] arguments)
    {
        try
        {
            var result = await reaper.RunAsync(
                new SpawnRequest { Program = At(program), Arguments = [program, .. arguments] }, AnswerTime, CancellationToken.None);
            return result.Exit.Code == 0 ? result.Output + result.ErrorOutput : null;
        }
        catch (Exception fault) when (fault is LinuxException or TimeoutException)
        {
            return null;
        }
    }

    /// <summary>The containerds that run, by their name.</summary>
    public IReadOnlyList<ContainerdProcess> Containerds()
    {
        var found = new List<ContainerdProcess>();
        foreach (var folder in Directory.EnumerateDirectories(At("/proc")).Select(Path.GetFileName).Where(name => name!.All(char.IsAsciiDigit)))
        {
            if (Read($"/proc/{folder}/comm")?.TrimEnd() == "containerd")
            {
                var path = Read($"/proc/{folder}/environ")?.Split('\0').FirstOrDefault(variable => variable.StartsWith("PATH=", StringComparison.Ordinal));
                found.Add(new ContainerdProcess(
                    folder!,
                    Link($"/proc/{folder}/exe"),
                    path?["PATH=".Length..] ?? ContainerdProcess.UsualPath,
                    Read($"/proc/{folder}/cmdline")?.Split('\0', StringSplitOptions.RemoveEmptyEntries) ?? [],
                    Read($"/proc/{folder}/limits")));
            }
        }

        return found;
    }
}

/// <summary>A containerd that runs.</summary>
/// <param name="SearchPath">Where it looks for shims.</param>
/// <param name="Limits">/proc/PID/limits; null: it may not be read.</param>
internal sealed record ContainerdProcess(string Pid, string? Program, string SearchPath, IReadOnlyList<string> Arguments, string? Limits)
{
    public const string UsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The configuration that it was started with.</summary>
    public string ConfigFile
    {
        get
        {
            for (var i = 1; i < Arguments.Count; i++)
            {
                if (Arguments[i] is "-c" or "--config" or "-config" && i + 1 < Arguments.Count)
                {
                    return Arguments[i + 1];
                }

                if (Arguments[i].TrimStart('-') is var flag && flag.StartsWith("config=", StringComparison.Ordinal))
                {
                    return flag["config=".Length..];
                }
            }

            return "/etc/containerd/config.toml";
        }
    }
}
