using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>
/// <c>BUNDLE/skiff</c>: the bundle that the OCI runtime gets, its state, and what a later process needs to clear away when
/// this one is gone. Two facts are kept as symbolic links, because a link is written by one system call and whole or not there.
/// </summary>
internal sealed class GuestFolder(string bundle)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Path { get; } = System.IO.Path.Combine(bundle, "skiff");

    /// <summary>Where the rootfs mounts of containerd go.</summary>
    public string Rootfs { get; } = System.IO.Path.Combine(bundle, "rootfs");

    public string Config => In("config.json");

    /// <summary>The runtime's <c>--root</c>: its own records, seen by no other runtime user of the node.</summary>
    public string State => In("state");

    public string In(string name) => System.IO.Path.Combine(Path, name);

    public void Make() => Directory.CreateDirectory(Path, OwnerOnly);

    public bool Exists => Directory.Exists(Path);

    /// <summary>The runtime that made this container, so that whoever deletes it asks the same one.</summary>
    public string? Runtime
    {
        get => new FileInfo(In("runtime")).LinkTarget;
        set
        {
            File.Delete(In("runtime"));
            File.CreateSymbolicLink(In("runtime"), value!);
        }
    }

    /// <summary>Path of the control group of a guest that no runtime knows; null: it has none, or a runtime knows it.</summary>
    public string? Group
    {
        get => new FileInfo(In("group")).LinkTarget;
        set
        {
            if (value is not null)
            {
                File.CreateSymbolicLink(In("group"), value);
            }
        }
    }

    /// <summary>The init process, recognizable beyond its number.</summary>
    public ProcessIdentity? Init
    {
        get
        {
            var text = new FileInfo(In("init")).LinkTarget?.Split('@');
            return text is [var pid, var ticks]
                && int.TryParse(pid, out var number) && long.TryParse(ticks, out var start)
                ? new ProcessIdentity(number, start)
                : null;
        }

        set => File.CreateSymbolicLink(In("init"), $"{value!.Value.Pid}@{value.Value.StartTicks}");
    }

    /// <summary>Removes the folder with all in it; nothing there is no error.</summary>
    public void Remove()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
        }
    }
}
