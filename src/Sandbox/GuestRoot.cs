using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>Where a Wasm container's root file system lies, once a place in it is sure for the run program.</summary>
/// <param name="Path">Absolute path on the host.</param>
/// <param name="Sealed">It can be written, but only so that places for mounts can be made: the guest must find it read-only.</param>
internal sealed record GuestRoot(string Path, bool Sealed)
{
    private const int ReadOnlyFileSystem = 30;

    // 0755, as the runtime would make it.
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>
    /// The OCI runtime makes the folders that it mounts on, <c>/.skiff</c> among them, where it can write the rootfs. One that it cannot
    /// (a snapshot for viewing, a folder on a read-only disk) gets an overlay on top, whose upper layer takes them.
    /// </summary>
    public static GuestRoot WithPlaceForHome(GuestFolder folder, string rootfs)
    {
        var place = rootfs + RunCommand.HomeInside;
        try
        {
            // Of a link, a dangling one too, mkdir(2) only says that it exists: none is followed.
            Directory.CreateDirectory(place, Mode);
            return new GuestRoot(rootfs, Sealed: false);
        }
        catch (IOException fault) when (fault.HResult == ReadOnlyFileSystem)
        {
            return new GuestRoot(Overlay(folder, rootfs), Sealed: true);
        }
        catch (IOException) when (new FileInfo(place) is { LinkTarget: not null } or { Exists: true })
        {
            // A link or a file of the image: whether a mount can stand there is the runtime's to decide and to say.
            return new GuestRoot(rootfs, Sealed: false);
        }
    }

    /// <summary>The same root file system, where what is missing can be made.</summary>
    internal static string Overlay(GuestFolder folder, string rootfs)
    {
        var (upper, work) = (folder.In("upper"), folder.In("work"));
        Directory.CreateDirectory(upper, Mode);
        Directory.CreateDirectory(work);
        Directory.CreateDirectory(folder.Rootfs);
        string[] options = [$"lowerdir={Escaped(rootfs)}", $"upperdir={Escaped(upper)}", $"workdir={Escaped(work)}"];
        Mounts.Mount(new MountPoint("overlay", "overlay", "", options), folder.Rootfs);
        return folder.Rootfs;
    }

    // overlayfs.rst: a colon parts two layers unless a backslash stands before it.
    private static string Escaped(string path) =>
        path.Replace(@"\", @"\\", StringComparison.Ordinal).Replace(":", @"\:", StringComparison.Ordinal);
}
