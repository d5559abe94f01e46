using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>mount(2) and umount2(2).</summary>
public static partial class Mounts
{
    private const int MNT_DETACH = 2;
    private const int UMOUNT_NOFOLLOW = 8;

    /// <summary>What a bind takes at once.</summary>
    private const MountFlags BindFlags = MountFlags.Bind | MountFlags.Recursive | MountFlags.Silent;

    /// <summary>More mounts than this stacked on one folder are not ours: a loop that never ends must not be possible.</summary>
    private const int StackedMax = 1024;

    /// <summary>
    /// Mounts <paramref name="mount"/> on <paramref name="target"/>. Overlay options longer than a page are passed layer by
    /// layer through the fsopen(2) family. Fails with <see cref="LinuxException"/> naming type, source and target; then
    /// nothing of this mount is left.
    /// </summary>
    public static void Mount(MountPoint mount, string target)
    {
        var options = MountOptions.Parse(mount);
        if (mount.Target.Trim('/').Length == 0)
        {
            Begin(mount, options, target);
            Finish(mount, options, target);
            return;
        }

        // The folder lies in a rootfs that may be an image's: its links must not lead the mount elsewhere.
        using var root = new RootDirectory(target);
        using var place = root.TryOpenPath(mount.Target)
            ?? throw new LinuxException(Operation(mount), Errno.ENOENT, $"{target} (folder {mount.Target} in it)");
        Begin(mount, options, PathOf(place));

        // The descriptor names the folder below the mount for ever: the mount itself has to be opened anew.
        using var made = root.TryOpenPath(mount.Target)
            ?? throw new LinuxException(Operation(mount), Errno.ENOENT, $"{target} (folder {mount.Target} in it)");
        Finish(mount, options, PathOf(made));
    }

    /// <summary>
    /// As <see cref="UnmountAll"/>, without the time in which the file system on top writes back what it has to: that goes on after the return.
    /// </summary>
    public static void UnmountAllSoon(string target)
    {
        var descriptor = Libc.Open(target, Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_NOFOLLOW);
        try
        {
            UnmountAll(target);
        }
        finally
        {
            if (descriptor >= 0)
            {
                LateClose.Add(new SafeFileHandle(descriptor, ownsHandle: true));
            }
        }
    }

    /// <summary>Unmounts everything mounted on <paramref name="target"/>, lazily and without following links; nothing there is no error.</summary>
    public static void UnmountAll(string target)
    {
        for (var count = 0; count < StackedMax; count++)
        {
            if (umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) != 0)
            {
                // EINVAL is how umount2 says that nothing is mounted there.
                if (Marshal.GetLastPInvokeError() is Errno.EINVAL or Errno.ENOENT or Errno.ENOTDIR)
                {
                    return;
                }

                throw Libc.Failure("unmount", target);
            }
        }

        throw new LinuxException($"unmount (more than {StackedMax} mounts stacked)", Errno.EBUSY, target);
    }

    /// <summary>
    /// From now on, mounts below <paramref name="target"/> in this mount namespace are seen by no other, while unmounts elsewhere are
    /// followed here: nothing of the node is held (mount_namespaces(7)).
    /// </summary>
    public static void MakeSlave(string target) =>
        Call(new MountPoint("none", "none", "", []), target, MountFlags.Slave | MountFlags.Recursive, data: null);

    /// <summary>Makes a folder a mount, of itself, so that it can be a root.</summary>
    public static void BindToItself(string folder) =>
        Call(new MountPoint("bind", folder, "", []), folder, MountFlags.Bind | MountFlags.Recursive, data: null);

    /// <summary>Nothing on this mount can be written any more; the file system, mounted elsewhere, is not touched.</summary>
    public static void MakeReadOnly(string target) =>
        Call(new MountPoint("bind", "none", "", []), target, MountFlags.Bind | MountFlags.Remount | MountFlags.ReadOnly, data: null);

    internal static string Operation(MountPoint mount) => $"mount {mount.Type} {mount.Source} on";

    /// <summary>The plain call, for the ways around its limit of one page.</summary>
    internal static void Call(MountPoint mount, string target, MountFlags flags, string? data)
    {
        if (mount_(mount.Source, target, mount.Type, (nuint)flags, data) != 0)
        {
            throw Libc.Failure(Operation(mount), target);
        }
    }

    /// <summary>True when the kernel, which copies one page at most, would cut these options (and their final zero) off.</summary>
    internal static bool ExceedsPage(string data) => Encoding.UTF8.GetByteCount(data) >= Environment.SystemPageSize;

    private static string PathOf(SafeHandle place) => $"/proc/self/fd/{place.DangerousGetHandle()}";

    private static void Begin(MountPoint mount, MountOptions options, string target)
    {
        if (IsBind(options))
        {
            Call(mount, target, options.Flags & BindFlags, data: null);
        }
        else
        {
            MountNew(mount, options, target);
        }
    }

    // What takes calls of its own, on the mount that is there now.
    private static void Finish(MountPoint mount, MountOptions options, string target)
    {
        if (IsBind(options) && (options.Flags & ~BindFlags) != 0)
        {
            // The kernel ignores every other flag of a bind; ro and its like take a second call. Recursive must be off there.
            OrUndo(target, () => Call(mount, target, (options.Flags & ~MountFlags.Recursive) | MountFlags.Bind | MountFlags.Remount, data: null));
        }

        if (options.Propagation != MountFlags.None)
        {
            OrUndo(target, () => Call(mount, target, options.Propagation, data: null));
        }
    }

    private static bool IsBind(MountOptions options) => options.Flags.HasFlag(MountFlags.Bind) && !options.Flags.HasFlag(MountFlags.Remount);

    private static void MountNew(MountPoint mount, MountOptions options, string target)
    {
        var data = string.Join(',', options.Data);
        if (!ExceedsPage(data))
        {
            Call(mount, target, options.Flags, data);
        }
        else if (mount.Type == "overlay")
        {
            LongOverlay.Mount(mount, options, target);
        }
        else
        {
            throw new LinuxException($"{Operation(mount)} (its options are longer than a page)", Errno.EINVAL, target);
        }
    }

    private static void OrUndo(string target, Action step)
    {
        try
        {
            step();
        }
        catch (LinuxException)
        {
            // The first cause is what the caller must hear; a failure to undo would hide it.
            _ = umount2(target, MNT_DETACH);
            throw;
        }
    }

    [LibraryImport(Libc.Name, EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount_(string source, string target, string type, nuint flags, string? data);

    [LibraryImport(Libc.Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);
}
