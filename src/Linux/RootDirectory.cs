using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// A directory that is the root of the paths opened through it: openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS.
/// The kernel resolves symlinks and <c>..</c> inside it, so a hostile image cannot lead out.
/// </summary>
public sealed partial class RootDirectory : IDisposable
{
    private const nint SYS_openat2 = 437;
    private const ulong RESOLVE_NO_MAGICLINKS = 0x02;
    private const ulong RESOLVE_IN_ROOT = 0x10;

    /// <summary>The kernel answers EAGAIN when a rename or mount anywhere disturbed the walk; it asks to try again, not for ever.</summary>
    private const int AttemptsMax = 128;

    /// <summary>PATH_MAX: no link is longer.</summary>
    private const int LinkBytesMax = 4096;

    private readonly SafeFileHandle _root;
    private readonly string _path;

    /// <exception cref="LinuxException">It is missing or no directory; the message names the path.</exception>
    public RootDirectory(string path)
    {
        _path = path;
        _root = OpenPlace(path);
    }

    /// <param name="root">A directory (O_PATH will do); stays the caller's.</param>
    /// <param name="name">What error texts call it.</param>
    public RootDirectory(SafeFileHandle root, string name) => (_root, _path) = (Descriptors.Duplicate(root), name);

    /// <summary>A directory in it, as a descriptor that only names the place (O_PATH); null when there is none.</summary>
    public SafeFileHandle? TryOpenDirectory(string path) => TryOpenPath(path, Libc.O_DIRECTORY);

    /// <summary>A descriptor that only names a folder (O_PATH).</summary>
    /// <exception cref="LinuxException">It is missing or no directory.</exception>
    public static SafeFileHandle OpenPlace(string path) => Libc.Own(Libc.Open(path, Libc.O_PATH | Libc.O_DIRECTORY), "open folder", path);

    /// <summary>Opens a regular file for reading; null when it is missing, not a regular file, or a dangling or looping link.</summary>
    public SafeFileHandle? TryOpenFile(string path)
    {
        // O_PATH first: really opening a device of a hostile image can already do harm, and a FIFO would wait for its writer.
        using var place = TryOpenPath(path);
        if (place is null || !FileStatus.Is(FileStatus.Mode(place, Subject(path)), FileStatus.Regular))
        {
            return null;
        }

        return Libc.Own(Libc.Open($"/proc/self/fd/{place.DangerousGetHandle()}", Libc.O_RDONLY), "open", Subject(path));
    }

    /// <summary>The mode bits (st_mode, type included) of what <paramref name="path"/> leads to, or null when there is nothing.</summary>
    public int? TryGetMode(string path)
    {
        using var place = TryOpenPath(path);
        return place is null ? null : FileStatus.Mode(place, Subject(path));
    }

    /// <summary>False when there is nothing at <paramref name="path"/>. Links before its last part are followed, that one is not.</summary>
    /// <param name="target">Where the link at <paramref name="path"/> leads, as it is written there; null when it is none.</param>
    public bool TryReadLink(string path, out string? target)
    {
        target = null;
        using var place = TryOpenPath(path, Libc.O_NOFOLLOW);
        if (place is null)
        {
            return false;
        }

        if (FileStatus.Is(FileStatus.Mode(place, Subject(path)), FileStatus.Link))
        {
            target = ReadLink(place, Subject(path));
        }

        return true;
    }

    /// <summary>Makes what is missing of a path for something to be mounted on: folders, and at its end a folder or an empty file.</summary>
    /// <exception cref="LinuxException">It cannot be made: a file is in the way, or the file system is read-only.</exception>
    public void MakePlace(string path, bool folder)
    {
        const uint Mode = 0x1ED; // 0755, as runtimes make mount points
        var made = "";
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < parts.Length; i++)
        {
            using var parent = TryOpenPath($"/{made}") ?? throw new LinuxException("make mount point", Errno.ENOENT, Subject(path));
            made = $"{made}/{parts[i]}";
            using var there = TryOpenPath(made);
            if (there is not null)
            {
                continue;
            }

            if (folder || i < parts.Length - 1)
            {
                Libc.Check(mkdirat(parent, parts[i], Mode), "make mount point", Subject(path));
            }
            else
            {
                Libc.Own(openat(parent, parts[i], Libc.O_WRONLY | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0x1A4), "make mount point", Subject(path)).Dispose();
            }
        }
    }

    public void Dispose() => _root.Dispose();

    private static unsafe string ReadLink(SafeFileHandle link, string subject)
    {
        var buffer = stackalloc byte[LinkBytesMax];
        var length = Libc.Check(readlinkat(link, "", buffer, LinkBytesMax), "readlink", subject);
        return Encoding.UTF8.GetString(buffer, (int)length);
    }

    /// <summary>A descriptor that only names the place (O_PATH); null when there is nothing.</summary>
    internal unsafe SafeFileHandle? TryOpenPath(string path, int flags = 0)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        var how = new OpenHow { Flags = (ulong)(uint)(Libc.O_PATH | Libc.O_CLOEXEC | flags), Resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
        for (var attempt = 0; ; attempt++)
        {
            var descriptor = openat2(SYS_openat2, _root, path, &how, (nuint)sizeof(OpenHow));
            if (descriptor >= 0)
            {
                return new SafeFileHandle(descriptor, ownsHandle: true);
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EAGAIN or Errno.EINTR when attempt < AttemptsMax:
                    continue;
                case Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP or Errno.ENAMETOOLONG:
                    return null;
                default:
                    throw Libc.Failure("openat2", Subject(path));
            }
        }
    }

    private string Subject(string path) => $"{path} in {_path}";

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    [LibraryImport(Libc.Name, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint openat2(nint number, SafeHandle directory, string path, OpenHow* how, nuint size);

    [LibraryImport(Libc.Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdirat(SafeHandle directory, string name, uint mode);

    [LibraryImport(Libc.Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int openat(SafeHandle directory, string name, int flags, uint mode);

    // With an empty path: the link that the descriptor itself names.
    [LibraryImport(Libc.Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint readlinkat(SafeHandle directory, string path, byte* buffer, nuint size);
}
