using System.Globalization;

namespace Skiff.Sandbox;

/// <summary>
/// Which OCI runtime makes the containers: the one the options name, else crun (half the time of runc) if it works on this
/// node, else runc. Whether it works shows when it is first used: a create that fails over the node's control groups is
/// tried again with runc, and if that works, crun is marked as unfit until it is replaced by another file or the node boots.
/// </summary>
internal sealed class RuntimeChoice(SandboxPlaces places)
{
    private const string UsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private string Mark => Path.Combine(places.RunFolder, "crun.unfit");

    /// <summary>The runtimes to try, best first.</summary>
    /// <exception cref="SandboxException">The named one, or any, is not installed.</exception>
    public IReadOnlyList<string> Candidates(string? option)
    {
        if (!string.IsNullOrEmpty(option))
        {
            return [Named(option)];
        }

        var crun = Find("crun");
        if (crun is not null && !IsMarked(crun))
        {
            return Find("runc") is { } second ? [crun, second] : [crun];
        }

        if (Find("runc") is { } runc)
        {
            return [runc];
        }

        throw new SandboxException(
            crun is null
                ? "No OCI runtime is installed: install crun (better) or runc on this node, or name one in the runtime options (BinaryName)."
                : $"{crun} does not work with this node's control groups ({Mark}) and runc is not installed: install runc, or name a runtime in the options (BinaryName).",
            SandboxFault.FailedPrecondition);
    }

    /// <summary>Remembers for all shims of this node that <paramref name="crun"/> cannot make containers here.</summary>
    public void MarkUnfit(string crun)
    {
        Directory.CreateDirectory(places.RunFolder);
        File.WriteAllText(Mark, Identity(crun));
    }

    private bool IsMarked(string crun)
    {
        try
        {
            return File.ReadAllText(Mark) == Identity(crun);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    private static string Identity(string program)
    {
        var file = new FileInfo(program);
        return string.Create(CultureInfo.InvariantCulture, $"{program} {file.Length} {file.LastWriteTimeUtc.Ticks}");
    }

    private string Named(string option)
    {
        if (Path.IsPathRooted(option))
        {
            return File.Exists(option)
                ? option
                : throw new SandboxException($"The OCI runtime {option} named in the runtime options does not exist.", SandboxFault.FailedPrecondition);
        }

        return (option.Contains('/', StringComparison.Ordinal) ? null : Find(option))
            ?? throw new SandboxException(
                $"The OCI runtime '{option}' named in the runtime options is not installed: it must be an absolute path, or a program in {places.SearchPath}:{UsualPath}.",
                SandboxFault.FailedPrecondition);
    }

    private string? Find(string name)
    {
        foreach (var folder in $"{places.SearchPath}:{UsualPath}".Split(':'))
        {
            // Relative entries are left out: our working directory is a bundle, which others fill.
            var path = Path.Combine(folder, name);
            if (Path.IsPathRooted(path) && File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }
}
