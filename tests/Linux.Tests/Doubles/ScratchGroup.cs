namespace Skiff.Linux.Tests.Doubles;

/// <summary>A real group of this node in v1's memory and freezer hierarchies, as an OCI runtime would make it.</summary>
internal sealed class ScratchGroup : IDisposable
{
    private static readonly string[] Controllers = ["memory", "freezer", "pids"];

    private readonly string _name = "skiff-test-" + Guid.NewGuid().ToString("N")[..8];

    public ScratchGroup()
    {
        foreach (var controller in Controllers)
        {
            Directory.CreateDirectory(Folder(controller));
        }
    }

    /// <summary>Real groups of version 1 can be made only as root on a node that has them.</summary>
    public static bool IsPossible => Environment.UserName == "root" && Controllers.All(controller => Directory.Exists($"/sys/fs/cgroup/{controller}"));

    /// <summary>Shell commands by which a process enters the group.</summary>
    public string Enter => string.Concat(Controllers.Select(controller => $"echo $$ > {Folder(controller)}/cgroup.procs; "));

    public string Folder(string controller) => $"/sys/fs/cgroup/{controller}/{_name}";

    public void Set(string controller, string file, string value) => File.WriteAllText($"{Folder(controller)}/{file}", value);

    /// <summary>rmdir: what is in a control group's folder goes with it.</summary>
    public void Dispose()
    {
        foreach (var folder in Controllers.Select(Folder).Where(Directory.Exists))
        {
            Directory.Delete(folder);
        }
    }
}
