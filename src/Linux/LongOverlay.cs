using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// An overlay whose options do not fit into the one page that mount(2) takes: images of many layers. On kernels since 6.7
/// each layer is its own parameter (<c>lowerdir+</c>); before, the paths are made short by changing into the folder above them.
/// </summary>
internal static unsafe partial class LongOverlay
{
    private const nint SYS_fsopen = 430;
    private const nint SYS_fsconfig = 431;
    private const nint SYS_fsmount = 432;
    private const nint SYS_move_mount = 429;
    private const nuint FSCONFIG_SET_FLAG = 0;
    private const nuint FSCONFIG_SET_STRING = 1;
    private const nuint FSCONFIG_CMD_CREATE = 6;
    private const nuint MOVE_MOUNT_F_EMPTY_PATH = 4;
    private const int CLONE_FS = 0x200;

    /// <summary>fsconfig takes strings of at most this many bytes, the final zero included.</summary>
    private const int FsconfigStringMax = 256;

    /// <summary>The flags that belong to the mount and not to the file system, and their MOUNT_ATTR_* names for fsmount.</summary>
    private static readonly (MountFlags Flag, uint Attribute)[] Attributes =
    [
        (MountFlags.ReadOnly, 0x1),
        (MountFlags.NoSuid, 0x2),
        (MountFlags.NoDevices, 0x4),
        (MountFlags.NoExecute, 0x8),
        (MountFlags.NoAccessTime, 0x10),
        (MountFlags.StrictAccessTime, 0x20),
        (MountFlags.NoFolderAccessTime, 0x80),
        (MountFlags.NoSymbolicLinks, 0x200000),
    ];

    public static void Mount(MountPoint mount, MountOptions options, string target)
    {
        const string Key = "lowerdir=";
        var lower = options.Data.LastOrDefault(option => option.StartsWith(Key, StringComparison.Ordinal))
            ?? throw new LinuxException(
                $"{Mounts.Operation(mount)} (its options are longer than a page, and no lowerdir is among them)",
                Errno.EINVAL,
                target);
        var others = options.Data.Where(option => !option.StartsWith(Key, StringComparison.Ordinal)).ToList();
        var layers = lower[Key.Length..].Split(':');

        // Escaped colons and data-only layers (an empty part) mean something else in lowerdir+; the old way keeps them as they are.
        var plain = layers.All(layer => layer.Length > 0 && !layer.Contains('\\', StringComparison.Ordinal));
        var fits = plain && layers.Concat(others).All(text => Encoding.UTF8.GetByteCount(text) < FsconfigStringMax);
        if (!fits || !TryMountByParameters(mount, options.Flags, others, layers, target))
        {
            MountFromCommonFolder(mount, options.Flags, others, layers, target);
        }
    }

    /// <summary>False when this kernel lacks the calls or the parameter, so that the older way is worth a try.</summary>
    internal static bool TryMountByParameters(MountPoint mount, MountFlags flags, List<string> others, string[] layers, string target)
    {
        using var context = TryOpenContext(mount, target);
        if (context is null)
        {
            return false;
        }

        // EINVAL of the first is how a kernel says that it does not know the parameter.
        var known = TrySet(context, "lowerdir+", layers[0]);
        if (!known && Marshal.GetLastPInvokeError() == Errno.EINVAL)
        {
            return false;
        }

        Require(known, context, mount, target);
        foreach (var layer in layers.AsSpan(1))
        {
            Require(TrySet(context, "lowerdir+", layer), context, mount, target);
        }

        foreach (var option in others.Concat(flags.HasFlag(MountFlags.ReadOnly) ? ["ro"] : []))
        {
            var equals = option.IndexOf('=', StringComparison.Ordinal);
            var set = equals < 0 ? TrySet(context, option, null) : TrySet(context, option[..equals], option[(equals + 1)..]);
            Require(set, context, mount, target);
        }

        Require(TrySet(context, "source", mount.Source), context, mount, target);
        Require(Syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, null, null) == 0, context, mount, target);
        var attributes = Attributes.Where(pair => flags.HasFlag(pair.Flag)).Aggregate(0u, (all, pair) => all | pair.Attribute);
        const nuint FSMOUNT_CLOEXEC = 1;
        using var made = Libc.Own((int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes, 0, 0), Mounts.Operation(mount), target);
        Attach(made, mount, target);
        return true;
    }

    /// <summary>
    /// Layers relative to the deepest folder above all of them. The working directory belongs to the whole process, so the
    /// call is made on a thread that has one of its own and ends afterwards.
    /// </summary>
    internal static void MountFromCommonFolder(MountPoint mount, MountFlags flags, List<string> others, string[] layers, string target)
    {
        var folder = CommonFolder(layers);
        var data = string.Join(',', others.Append("lowerdir=" + string.Join(':', layers.Select(layer => layer[folder.Length..]))));
        if (folder.Length == 0 || Mounts.ExceedsPage(data))
        {
            throw new LinuxException(
                $"{Mounts.Operation(mount)} (its {layers.Length} layers do not fit into one page of options, and this "
                + "kernel has no lowerdir+: squash the image's layers or use Linux 6.7 or later)",
                Errno.EINVAL,
                target);
        }

        var place = Path.GetFullPath(target);
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Libc.Check(unshare(CLONE_FS), "unshare CLONE_FS");
                Libc.Check(chdir(folder), "chdir", folder);
                Mounts.Call(mount, place, flags, data);
            }
            catch (LinuxException exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            throw failure;
        }
    }

    /// <summary>The deepest folder above all paths, with its final slash; empty when they share none or one is relative.</summary>
    internal static string CommonFolder(IReadOnlyList<string> paths)
    {
        var shared = paths[0];
        foreach (var path in paths)
        {
            var length = 0;
            while (length < shared.Length && length < path.Length && shared[length] == path[length])
            {
                length++;
            }

            shared = shared[..length];
        }

        return shared.StartsWith('/') ? shared[..(shared.LastIndexOf('/') + 1)] : "";
    }

    private static SafeFileHandle? TryOpenContext(MountPoint mount, string target)
    {
        fixed (byte* type = "overlay\0"u8)
        {
            const nuint FSOPEN_CLOEXEC = 1;
            var descriptor = (int)syscall(SYS_fsopen, (nint)type, FSOPEN_CLOEXEC, 0, 0, 0);
            if (descriptor < 0 && Marshal.GetLastPInvokeError() is Errno.ENOSYS or Errno.EPERM)
            {
                return null;
            }

            return Libc.Own(descriptor, Mounts.Operation(mount), target);
        }
    }

    private static bool TrySet(SafeFileHandle context, string key, string? value) =>
        Syscall(SYS_fsconfig, context, value is null ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, key, value) == 0;

    private static nint Syscall(nint number, SafeFileHandle context, nuint command, string? key, string? value)
    {
        var keyText = Marshal.StringToCoTaskMemUTF8(key);
        var valueText = Marshal.StringToCoTaskMemUTF8(value);
        try
        {
            return syscall(number, context, command, (nuint)keyText, (nuint)valueText, 0);
        }
        finally
        {
            Marshal.FreeCoTaskMem(keyText);
            Marshal.FreeCoTaskMem(valueText);
        }
    }

    /// <summary>The kernel explains a refused parameter in text, readable from the context.</summary>
    private static void Require(bool done, SafeFileHandle context, MountPoint mount, string target)
    {
        if (done)
        {
            return;
        }

        var errno = Marshal.GetLastPInvokeError();
        var buffer = stackalloc byte[512];
        var count = Libc.read(context, buffer, 512);
        var reason = count > 0 ? $" ({Encoding.UTF8.GetString(buffer, (int)count).TrimEnd()})" : "";
        throw new LinuxException(Mounts.Operation(mount), errno, target + reason);
    }

    private static void Attach(SafeFileHandle made, MountPoint mount, string target)
    {
        var place = Marshal.StringToCoTaskMemUTF8(target);
        try
        {
            fixed (byte* empty = "\0"u8)
            {
                if (syscall(SYS_move_mount, made, (nuint)empty, unchecked((nuint)Libc.AT_FDCWD), (nuint)place, MOVE_MOUNT_F_EMPTY_PATH) != 0)
                {
                    throw Libc.Failure(Mounts.Operation(mount), target);
                }
            }
        }
        finally
        {
            Marshal.FreeCoTaskMem(place);
        }
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial nint syscall(nint number, SafeHandle argument1, nuint argument2, nuint argument3, nuint argument4, nuint argument5);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial nint syscall(nint number, nint argument1, nuint argument2, nuint argument3, nuint argument4, nuint argument5);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport(Libc.Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chdir(string path);
}
