using Microsoft.Win32.SafeHandles;
using Skiff.Linux;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>
/// Where a guest lives that has no process of its own: a mount namespace with the container's file tree, its network namespace, its
/// control group, and a sleeping process that holds them and lends them its number.
/// </summary>
/// <remarks>All mounts are in that namespace: they go with the holder, also when this process is killed, and nobody else sees them.</remarks>
internal sealed class HostedPlace(GuestRequest request, Bundle bundle, GuestFolder folder, MessengerThread messenger) : IDisposable
{
    private const int ReadOnlyFileSystem = 30;

    /// <summary>They show the node's processes and devices, and a guest has no calls for what else is there.</summary>
    private static readonly string[] SystemFolders = ["/proc", "/sys", "/dev"];

    private readonly NamespaceWorker _worker = new(messenger);
    private SafeFileHandle? _rootfs;
    private SafeFileHandle? _root;

    // Over a root file system that cannot be written, so that places for mounts can be made in it.
    private string? _overlay;

    private ControlGroup? _group;

    public ChildProcess? Holder { get; private set; }

    /// <summary>The control group that the holder was born in, at <see cref="GroupPath"/>; without a path the one of this process.</summary>
    public ControlGroup Group => _group ?? throw new InvalidOperationException("there is no holder yet");

    /// <summary>Where the spec wants the container's control group, in each hierarchy; null: it wants none.</summary>
    public string? GroupPath { get; } = PathOf(bundle.Spec.CgroupsPath);

    /// <summary>Null: the node's.</summary>
    public SafeFileHandle? Network { get; private set; }

    /// <summary>The root of the finished file tree.</summary>
    public SafeFileHandle Root => _root ?? throw new InvalidOperationException("the file tree is not finished");

    /// <summary>Mounts the rootfs.</summary>
    /// <returns>How it can be opened, until the holder has been made.</returns>
    public Task<string> MountRootfsAsync() => _worker.RunAsync(() =>
    {
        if (request.Rootfs.Count == 0)
        {
            Mounts.BindToItself(Rootfs);
        }
        else
        {
            Directory.CreateDirectory(Rootfs);
            foreach (var mount in request.Rootfs)
            {
                Mounts.Mount(mount, Rootfs);
            }
        }

        _rootfs = RootDirectory.OpenPlace(Rootfs);
        return $"/proc/self/fd/{_rootfs.DangerousGetHandle()}";
    });

    /// <summary>Where the rootfs is mounted, as the namespace has it.</summary>
    public string Rootfs => _overlay is not null ? _overlay : request.Rootfs.Count > 0 ? folder.Rootfs : bundle.RootPath ?? throw new SandboxException(
        $"{request.Bundle}/config.json has no root.path and containerd hands over no mounts: there is no rootfs.", SandboxFault.InvalidArgument);

    /// <summary>Finishes the file tree, chooses the network, and starts the holder in both. No thread stays behind in them.</summary>
    public async Task OccupyAsync(ChildReaper reaper, PauseProgram pause)
    {
        reaper.Begin();
        await _worker.RunAsync(() =>
        {
            MountAll();
            ChooseNetwork();

            // Before the root changes: from the new one neither its program nor the bundle could be reached. It follows the change (pivot_root(2)).
            StartHolder(reaper, pause);
            _root = NamespaceWorker.PivotTo(Rootfs);
            return true;
        });
        _rootfs?.Dispose();
        _worker.Dispose();
    }

    public void Dispose()
    {
        _rootfs?.Dispose();
        if (_root is not null)
        {
            LateClose.Add(_root);
        }

        Network?.Dispose();
        _worker.Dispose();
    }

    // The group is written down before it is made and the process as soon as it is there: should this process be killed at any point, the
    // delete command finds both.
    private void StartHolder(ChildReaper reaper, PauseProgram pause)
    {
        var holder = pause.Named(Leftovers.HolderName(request.Id));
        folder.Group = GroupPath;
        _group = GroupPath is null ? null : ControlGroup.OfUsageAt(GroupPath);
        Holder = _group?.StartIn(() => reaper.Spawn(holder)) ?? reaper.Spawn(holder);
        folder.Init = ProcessIdentity.TryRead(Holder.Pid)
            ?? throw new SandboxException("The process that holds the guest's namespaces has ended at once: see the kernel's log.");
        _group ??= ControlGroup.OfProcess(Holder.Pid);
    }

    private void MountAll()
    {
        var mounts = bundle.Spec.Mounts.Where(IsForGuests).ToList();
        MakePlaces(mounts);
        foreach (var mount in mounts)
        {
            Mounts.Mount(new MountPoint(mount.IsBind ? "bind" : mount.Type!, Source(mount), mount.Destination, mount.Options), Rootfs);
        }

        if (bundle.Spec.Root is { ReadOnly: true } || _overlay is not null)
        {
            Mounts.MakeReadOnly(Rootfs);
        }
    }

    private void MakePlaces(List<MountSpec> mounts)
    {
        try
        {
            MakePlacesIn(Rootfs, mounts);
        }
        catch (LinuxException fault) when (fault.Errno == ReadOnlyFileSystem)
        {
            _overlay = GuestRoot.Overlay(folder, Rootfs);
            MakePlacesIn(_overlay, mounts);
        }
    }

    private void MakePlacesIn(string rootfs, List<MountSpec> mounts)
    {
        using var root = new RootDirectory(rootfs);
        foreach (var mount in mounts)
        {
            root.MakePlace(mount.Destination, folder: !mount.IsBind || !File.Exists(Source(mount)));
        }
    }

    private string Source(MountSpec mount) => mount.IsBind ? bundle.Absolute(mount.Source ?? "") : mount.Source ?? mount.Type!;

    private static bool IsForGuests(MountSpec mount) =>
        (mount.IsBind || mount.Type == "tmpfs")
        && !SystemFolders.Any(folder => mount.Destination == folder || mount.Destination.StartsWith(folder + "/", StringComparison.Ordinal));

    private void ChooseNetwork()
    {
        if (bundle.Spec.Namespaces.FirstOrDefault(one => one.Type == "network") is not { } network)
        {
            return;
        }

        Network = network.Path is { } path ? NamespaceWorker.JoinNetwork(path) : NamespaceWorker.MakeNetwork();
    }

    /// <summary>Where the systemd driver would make the group of <c>slice:prefix:name</c>: the slice below those that its name tells.</summary>
    internal static string? PathOf(string? cgroupsPath)
    {
        if (cgroupsPath?.Split(':') is not [var slice, var prefix, var name])
        {
            return cgroupsPath is ['/', _, ..] ? cgroupsPath : null;
        }

        const string Suffix = ".slice";
        var words = (slice.EndsWith(Suffix, StringComparison.Ordinal) ? slice[..^Suffix.Length] : slice).Split('-');
        var parents = Enumerable.Range(1, words.Length).Select(count => string.Join('-', words.Take(count)) + Suffix);
        return $"/{string.Join('/', parents)}/{prefix}-{name}.scope";
    }
}
