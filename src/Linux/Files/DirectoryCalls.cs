using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux.Files;

/// <summary>
/// System calls on what lies beneath an open directory. A path of several components goes through
/// <see cref="OpenBeneath"/> only, so that the kernel holds the wall; all others take one component. Answers as in <see cref="FileCalls"/>.
/// </summary>
public static partial class DirectoryCalls
{
    private const nint SYS_openat2 = 437;
    private const ulong RESOLVE_NO_MAGICLINKS = 0x02;
    private const ulong RESOLVE_BENEATH = 0x08;
    private const int AT_REMOVEDIR = 0x200;
    private const uint NewFileMode = 0x1B6;
    private const uint NewDirectoryMode = 0x1FF;

    /// <summary>The kernel answers EAGAIN when a rename or mount anywhere disturbed the walk; it asks to try again, not for ever.</summary>
    private const int AttemptsMax = 128;

    private const int O_EXCL = 0x80;
    private const int O_TRUNC = 0x200;
    private const int O_DSYNC = 0x1000;
    private const int O_SYNC = 0x101000;


    /// <summary>Opens a directory of the host by its path, to be the root of what a guest sees.</summary>
    /// <exception cref="LinuxException">It is missing or no directory; the message names the path.</exception>
    public static SafeFileHandle OpenRoot(string path) =>
        Libc.Own(Libc.Open(path, Libc.O_RDONLY | Libc.O_DIRECTORY), "open directory", path);

    /// <summary>
    /// openat2(2) with RESOLVE_BENEATH: EXDEV when the path, or a symbolic link on it, would lead out of
    /// <paramref name="directory"/>. New files get mode 0666 less the umask.
    /// </summary>
    /// <exception cref="LinuxException">ENOSYS: the kernel is older than 5.6, and there is no safe way to do without.</exception>
    public static unsafe int OpenBeneath(SafeHandle directory, ReadOnlySpan<byte> path, OpenFlags flags, out SafeFileHandle? opened)
    {
        opened = null;
        var terminated = stackalloc byte[PathBytes.Max];
        if (!PathBytes.TryTerminate(path, terminated))
        {
            return -Errno.ENAMETOOLONG;
        }

        var how = new OpenHow
        {
            Flags = (ulong)Native(flags),
            Mode = (flags & OpenFlags.Create) != 0 ? NewFileMode : 0,
            Resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
        };
        for (var attempt = 0; ; attempt++)
        {
            var descriptor = openat2(SYS_openat2, directory, terminated, &how, (nuint)sizeof(OpenHow));
            if (descriptor >= 0)
            {
                opened = new SafeFileHandle(descriptor, ownsHandle: true);
                return 0;
            }

            var error = Marshal.GetLastPInvokeError();
            switch (error)
            {
                case Errno.EAGAIN or Errno.EINTR when attempt < AttemptsMax:
                    continue;
                case Errno.ENOSYS:
                    throw new LinuxException("openat2 (guests' files need Linux 5.6 or newer, and a seccomp profile that allows openat2)", error);
                default:
                    return -error;
            }
        }
    }

    public static unsafe int CreateDirectory(SafeHandle parent, ReadOnlySpan<byte> name)
    {
        var terminated = stackalloc byte[PathBytes.Max];
        return PathBytes.TryTerminate(name, terminated)
            ? FileCalls.Answer(mkdirat(parent, terminated, NewDirectoryMode))
            : -Errno.ENAMETOOLONG;
    }

    public static unsafe int Remove(SafeHandle parent, ReadOnlySpan<byte> name, bool directory)
    {
        var terminated = stackalloc byte[PathBytes.Max];
        return PathBytes.TryTerminate(name, terminated)
            ? FileCalls.Answer(unlinkat(parent, terminated, directory ? AT_REMOVEDIR : 0))
            : -Errno.ENAMETOOLONG;
    }

    public static unsafe int Rename(SafeHandle fromParent, ReadOnlySpan<byte> from, SafeHandle toParent, ReadOnlySpan<byte> to)
    {
        var source = stackalloc byte[PathBytes.Max];
        var target = stackalloc byte[PathBytes.Max];
        return PathBytes.TryTerminate(from, source) && PathBytes.TryTerminate(to, target)
            ? FileCalls.Answer(renameat(fromParent, source, toParent, target))
            : -Errno.ENAMETOOLONG;
    }

    /// <summary>A hard link to the named thing itself: a symbolic link is not followed.</summary>
    public static unsafe int Link(SafeHandle fromParent, ReadOnlySpan<byte> from, SafeHandle toParent, ReadOnlySpan<byte> to)
    {
        var source = stackalloc byte[PathBytes.Max];
        var target = stackalloc byte[PathBytes.Max];
        return PathBytes.TryTerminate(from, source) && PathBytes.TryTerminate(to, target)
            ? FileCalls.Answer(linkat(fromParent, source, toParent, target, 0))
            : -Errno.ENAMETOOLONG;
    }

    public static unsafe int CreateSymbolicLink(ReadOnlySpan<byte> content, SafeHandle parent, ReadOnlySpan<byte> name)
    {
        var text = stackalloc byte[PathBytes.Max];
        var terminated = stackalloc byte[PathBytes.Max];
        return PathBytes.TryTerminate(content, text) && PathBytes.TryTerminate(name, terminated)
            ? FileCalls.Answer(symlinkat(text, parent, terminated))
            : -Errno.ENAMETOOLONG;
    }

    /// <summary>The content of a symbolic link, cut off at the buffer's end; its length.</summary>
    public static unsafe int ReadSymbolicLink(SafeHandle parent, ReadOnlySpan<byte> name, Span<byte> content)
    {
        var terminated = stackalloc byte[PathBytes.Max];
        if (!PathBytes.TryTerminate(name, terminated))
        {
            return -Errno.ENAMETOOLONG;
        }

        fixed (byte* target = content)
        {
            return FileCalls.Answer(readlinkat(parent, terminated, target, (nuint)content.Length));
        }
    }

    /// <summary>
    /// getdents64(2): fills the buffer with whole directory entries (<see cref="DirectoryEntry.TryRead"/>) from where the
    /// descriptor stands; 0 at the end.
    /// </summary>
    public static unsafe int ReadEntries(SafeHandle directory, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            return FileCalls.Answer(getdents64(directory, start, (nuint)buffer.Length));
        }
    }

    private static int Native(OpenFlags flags)
    {
        var native = Libc.O_CLOEXEC;
        native |= (flags & OpenFlags.Directory) != 0 ? Libc.O_DIRECTORY : 0;
        native |= (flags & OpenFlags.NoFollow) != 0 ? Libc.O_NOFOLLOW : 0;
        if ((flags & OpenFlags.PathOnly) != 0)
        {
            return native | Libc.O_PATH;
        }

        native |= Libc.O_NOCTTY;
        native |= (flags & (OpenFlags.Read | OpenFlags.Write)) switch
        {
            OpenFlags.Write => Libc.O_WRONLY,
            OpenFlags.Read | OpenFlags.Write => Libc.O_RDWR,
            _ => Libc.O_RDONLY,
        };
        native |= (flags & OpenFlags.Create) != 0 ? Libc.O_CREAT : 0;
        native |= (flags & OpenFlags.Exclusive) != 0 ? O_EXCL : 0;
        native |= (flags & OpenFlags.Truncate) != 0 ? O_TRUNC : 0;
        native |= (flags & OpenFlags.Append) != 0 ? Libc.O_APPEND : 0;
        native |= (flags & OpenFlags.Synchronous) != 0 ? O_SYNC : 0;
        native |= (flags & OpenFlags.DataSynchronous) != 0 ? O_DSYNC : 0;
        native |= (flags & OpenFlags.NonBlocking) != 0 ? Libc.O_NONBLOCK : 0;
        return native;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    [LibraryImport(Libc.Name, EntryPoint = "syscall", SetLastError = true)]
    private static unsafe partial nint openat2(nint number, SafeHandle directory, byte* path, OpenHow* how, nuint size);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int mkdirat(SafeHandle directory, byte* path, uint mode);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int unlinkat(SafeHandle directory, byte* path, int flags);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int renameat(SafeHandle fromDirectory, byte* from, SafeHandle toDirectory, byte* to);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int linkat(SafeHandle fromDirectory, byte* from, SafeHandle toDirectory, byte* to, int flags);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int symlinkat(byte* content, SafeHandle directory, byte* path);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial nint readlinkat(SafeHandle directory, byte* path, byte* buffer, nuint size);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial nint getdents64(SafeHandle directory, byte* buffer, nuint size);
}
