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

    public ChildProcess? Holder { get; private set; }

    /// <summary>Null: the node's.</summary>
    public SafeFileHandle? Network => _worker.Network;

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

    /// <summary>Finishes the file tree, chooses the network, and starts the holder in both.</summary>
    public async Task OccupyAsync(ChildReaper reaper, PauseProgram pause)
    {
        reaper.Begin();
        await _worker.RunAsync(() =>
        {
            MountAll();
            ChooseNetwork();

            // Before the root changes: from the new one its program could not be reached. It follows the change (pivot_root(2)).
            Holder = reaper.Spawn(new SpawnRequest
            {
                Program = pause.Path,
                Arguments = [$"skiff-guest {request.Id}"],
                Environment = [],
                WorkingDirectory = "/",
                NewSession = true,
            });
            _root = NamespaceWorker.PivotTo(Rootfs);
            return true;
        });
        _rootfs?.Dispose();
    }

    public void Dispose()
    {
        _rootfs?.Dispose();
        _root?.Dispose();
        _worker.Dispose();
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

        if (network.Path is { } path)
        {
            _worker.JoinNetwork(path);
        }
        else
        {
            _worker.MakeNetwork();
        }
    }
}
