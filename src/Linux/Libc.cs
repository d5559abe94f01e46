using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// The calls that several types of this room need; the others stand beside their only caller. Variadic functions (open,
/// fcntl, ioctl) are declared with the arguments used here, which both ABIs pass in the same registers either way.
/// </summary>
internal static partial class Libc
{
    public const string Name = "libc";

    public const int AT_FDCWD = -100;
    public const int AT_EMPTY_PATH = 0x1000;

    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_NOCTTY = 0x100;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int O_PATH = 0x200000;

    public const int F_GETFD = 1;
    public const int F_SETFD = 2;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int F_ADD_SEALS = 1033;
    public const int FD_CLOEXEC = 1;

    /// <summary>This and the next are the open flags whose value depends on the processor.</summary>
    public static int O_DIRECTORY { get; } = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;

    public static int O_NOFOLLOW { get; } = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    /// <summary>The error of the failed call just made, as an exception naming the call and its object.</summary>
    public static LinuxException Failure(string operation, string? subject = null) =>
        new(operation, Marshal.GetLastPInvokeError(), subject);

    public static int Check(int result, string operation, string? subject = null) =>
        result >= 0 ? result : throw Failure(operation, subject);

    public static nint Check(nint result, string operation, string? subject = null) =>
        result >= 0 ? result : throw Failure(operation, subject);

    /// <summary>Takes ownership of a descriptor the kernel just returned, or throws its error.</summary>
    public static SafeFileHandle Own(int descriptor, string operation, string? subject = null) =>
        new(Check(descriptor, operation, subject), ownsHandle: true);

    /// <summary>open(2), repeated when a signal interrupts it; never makes a controlling terminal, always close-on-exec.</summary>
    public static int Open(string path, int flags, uint mode = 0)
    {
        int descriptor;
        do
        {
            descriptor = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
        }
        while (descriptor < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);
        return descriptor;
    }

    [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rmdir(string path);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int fcntl(SafeHandle descriptor, int command, nint argument);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int fcntl(int descriptor, int command, nint argument);

    [LibraryImport(Name, SetLastError = true)]
    public static unsafe partial nint read(SafeHandle descriptor, byte* buffer, nuint count);

    [LibraryImport(Name, SetLastError = true)]
    public static unsafe partial nint write(SafeHandle descriptor, byte* buffer, nuint count);

    [LibraryImport(Name, SetLastError = true)]
    public static partial long lseek(SafeHandle descriptor, long offset, int whence);

    [LibraryImport(Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int memfd_create(string name, uint flags);

    [LibraryImport(Name, SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport(Name, SetLastError = true)]
    public static unsafe partial int poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport(Name, SetLastError = true)]
    public static unsafe partial int getsockopt(SafeHandle socket, int level, int name, void* value, uint* size);
}
