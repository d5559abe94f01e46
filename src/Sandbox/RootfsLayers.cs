using Microsoft.Win32.SafeHandles;
using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>
/// The layers of an image below a mounted rootfs. A file of one of them has an identity that all containers of the image share and
/// that survives a reboot; seen through the overlay, its device number is another one in each container. And nobody writes to
/// it: containerd hands committed snapshots to many containers at once.
/// </summary>
/// <param name="mounts">What containerd asked to be mounted.</param>
/// <param name="rootfs">Where it was mounted.</param>
internal sealed class RootfsLayers(IReadOnlyList<MountPoint> mounts, string rootfs)
{
    /// <summary>Layers that are looked through; containerd's own images have fewer.</summary>
    private const int LayersMax = 128;

    /// <summary>
    /// The file of a layer that <paramref name="file"/>, opened in the rootfs, shows; null when it lies in the container's own,
    /// writable layer or in a mount, or where this cannot be told.
    /// </summary>
    public SafeFileHandle? TryOpenCommitted(SafeFileHandle file)
    {
        if (mounts is not [{ Type: "overlay" } overlay] || TryFindPath(file) is not { } path)
        {
            return null;
        }

        var lower = Option(overlay, "lowerdir=")?.Split(':') ?? [];
        var upper = Option(overlay, "upperdir=");
        if (lower.Length is 0 or > LayersMax || (upper is not null && Exists(upper, path)))
        {
            return null;
        }

        // Which layer shows through is the kernel's business (whiteouts, opaque folders): we only try, and it is the right one
        // when nothing of its identity but the device differs from what the kernel shows.
        var shown = FileIdentity.Of(file);
        foreach (var layer in lower)
        {
            if (TryOpen(layer, path) is not { } candidate)
            {
                continue;
            }

            var found = FileIdentity.Of(candidate);
            if (found == shown with { Device = found.Device })
            {
                return candidate;
            }

            candidate.Dispose();
        }

        return null;
    }

    // Where the kernel has found it, links resolved.
    private string? TryFindPath(SafeFileHandle file)
    {
        var path = Descriptors.PathOf(file);
        return path.StartsWith(rootfs + "/", StringComparison.Ordinal) ? path[(rootfs.Length + 1)..] : null;
    }

    // As mount(8): the last one holds. A layer whose path has a colon or a backslash is escaped, and simply not found.
    private static string? Option(MountPoint mount, string key) =>
        mount.Options.LastOrDefault(option => option.StartsWith(key, StringComparison.Ordinal))?[key.Length..];

    private static bool Exists(string folder, string path)
    {
        using var root = new RootDirectory(folder);
        return root.TryGetMode(path) is not null;
    }

    private static SafeFileHandle? TryOpen(string folder, string path)
    {
        if (!Path.IsPathRooted(folder) || !Directory.Exists(folder))
        {
            return null;
        }

        using var root = new RootDirectory(folder);
        return root.TryOpenFile(path);
    }
}
