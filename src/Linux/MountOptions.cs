namespace Skiff.Linux;

/// <summary>mount(8) options, told apart as mount(2) wants them: flags, propagation (a call of its own), data for the file system.</summary>
internal sealed record MountOptions(MountFlags Flags, MountFlags Propagation, IReadOnlyList<string> Data)
{
    private static readonly Dictionary<string, MountFlags> Set = new(StringComparer.Ordinal)
    {
        ["ro"] = MountFlags.ReadOnly,
        ["nosuid"] = MountFlags.NoSuid,
        ["nodev"] = MountFlags.NoDevices,
        ["noexec"] = MountFlags.NoExecute,
        ["sync"] = MountFlags.Synchronous,
        ["remount"] = MountFlags.Remount,
        ["mand"] = MountFlags.MandatoryLocks,
        ["dirsync"] = MountFlags.SynchronousFolders,
        ["nosymfollow"] = MountFlags.NoSymbolicLinks,
        ["noatime"] = MountFlags.NoAccessTime,
        ["nodiratime"] = MountFlags.NoFolderAccessTime,
        ["bind"] = MountFlags.Bind,
        ["rbind"] = MountFlags.Bind | MountFlags.Recursive,
        ["silent"] = MountFlags.Silent,
        ["relatime"] = MountFlags.RelativeAccessTime,
        ["strictatime"] = MountFlags.StrictAccessTime,
        ["lazytime"] = MountFlags.LazyTime,
        ["iversion"] = MountFlags.InodeVersion,
    };

    private static readonly Dictionary<string, MountFlags> Clear = new(StringComparer.Ordinal)
    {
        ["rw"] = MountFlags.ReadOnly,
        ["suid"] = MountFlags.NoSuid,
        ["dev"] = MountFlags.NoDevices,
        ["exec"] = MountFlags.NoExecute,
        ["async"] = MountFlags.Synchronous,
        ["nomand"] = MountFlags.MandatoryLocks,
        ["symfollow"] = MountFlags.NoSymbolicLinks,
        ["atime"] = MountFlags.NoAccessTime,
        ["diratime"] = MountFlags.NoFolderAccessTime,
        ["loud"] = MountFlags.Silent,
        ["norelatime"] = MountFlags.RelativeAccessTime,
        ["nostrictatime"] = MountFlags.StrictAccessTime,
        ["nolazytime"] = MountFlags.LazyTime,
        ["noiversion"] = MountFlags.InodeVersion,
        ["defaults"] = MountFlags.ReadOnly | MountFlags.NoSuid | MountFlags.NoDevices | MountFlags.NoExecute | MountFlags.Synchronous,
    };

    private static readonly Dictionary<string, MountFlags> Propagations = new(StringComparer.Ordinal)
    {
        ["private"] = MountFlags.Private,
        ["rprivate"] = MountFlags.Private | MountFlags.Recursive,
        ["shared"] = MountFlags.Shared,
        ["rshared"] = MountFlags.Shared | MountFlags.Recursive,
        ["slave"] = MountFlags.Slave,
        ["rslave"] = MountFlags.Slave | MountFlags.Recursive,
        ["unbindable"] = MountFlags.Unbindable,
        ["runbindable"] = MountFlags.Unbindable | MountFlags.Recursive,
    };

    /// <summary>Later options win over earlier ones; what is no flag is data.</summary>
    public static MountOptions Parse(MountPoint mount)
    {
        var flags = mount.Type == "bind" ? MountFlags.Bind : MountFlags.None;
        var propagation = MountFlags.None;
        var data = new List<string>();
        foreach (var option in mount.Options)
        {
            if (Set.TryGetValue(option, out var set))
            {
                flags |= set;
            }
            else if (Clear.TryGetValue(option, out var clear))
            {
                flags &= ~clear;
            }
            else if (Propagations.TryGetValue(option, out var kind))
            {
                propagation = kind;
            }
            else if (option == "loop")
            {
                throw new LinuxException(
                    "mount (option loop needs a snapshotter that sets up its loop devices itself)",
                    Errno.EOPNOTSUPP,
                    mount.Source);
            }
            else if (option.Length > 0)
            {
                data.Add(option);
            }
        }

        return new MountOptions(flags, propagation, data);
    }
}

/// <summary>MS_* of mount(2).</summary>
[Flags]
internal enum MountFlags : ulong
{
    None = 0,
    ReadOnly = 1,
    NoSuid = 2,
    NoDevices = 4,
    NoExecute = 8,
    Synchronous = 16,
    Remount = 32,
    MandatoryLocks = 64,
    SynchronousFolders = 128,
    NoSymbolicLinks = 256,
    NoAccessTime = 1024,
    NoFolderAccessTime = 2048,
    Bind = 4096,
    Recursive = 16384,
    Silent = 32768,
    Unbindable = 1 << 17,
    Private = 1 << 18,
    Slave = 1 << 19,
    Shared = 1 << 20,
    RelativeAccessTime = 1 << 21,
    InodeVersion = 1 << 23,
    StrictAccessTime = 1 << 24,
    LazyTime = 1 << 25,
}
