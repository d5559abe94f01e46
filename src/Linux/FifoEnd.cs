using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// Opens the ends of a FIFO. What is opened is what was found to be a FIFO: the path may lead to something else a moment later,
/// and opening a device can already do harm. Reads and writes of all of them wait. ENOENT and "not a FIFO" are errors that name the path.
/// </summary>
public static partial class FifoEnd
{
    private const nuint FIONREAD = 0x541B;

    /// <summary>The read end, opened without waiting for a writer.</summary>
    public static SafeFileHandle OpenRead(string path) => OpenAtOnce(path, Libc.O_RDONLY);

    /// <summary>The write end, opened without waiting for a reader: one must be there, else ENXIO.</summary>
    public static SafeFileHandle OpenWrite(string path) => OpenAtOnce(path, Libc.O_WRONLY);

    /// <summary>
    /// The read end, opened together with its writer, so that the reader does not mistake "not yet" for "no
    /// more". Keeper is null once a writer has come. When the time is over without one, a write end comes with it: as long as the
    /// caller holds that, the reader does not see the end.
    /// </summary>
    public static async Task<(SafeFileHandle Read, SafeFileHandle? Keeper)> OpenReadAsync(string path, TimeSpan within, TimeProvider time)
    {
        using var place = Find(path);

        // The one open that misses no writer is the blocking one: a client that waits in its own open(2) for us may close again
        // before we could look, and then neither poll(2) nor a second open would tell that it has been there.
        var opening = Task.Factory.StartNew(
            () => Open(place, Libc.O_RDONLY, path), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return (await opening.WaitAsync(within, time), null);
        }
        catch (TimeoutException)
        {
            // A writer of our own lets the waiting open go. Both ways, because that one may not even have begun.
            var keeper = Open(place, Libc.O_RDWR | Libc.O_NONBLOCK, path);
            return (await opening, keeper);
        }
    }

    /// <summary>How many bytes have been written to the FIFO that nobody has read yet.</summary>
    /// <param name="end">Either end.</param>
    public static int Unread(SafeFileHandle end)
    {
        Libc.Check(ioctl(end, FIONREAD, out var bytes), "ioctl FIONREAD");
        return bytes;
    }

    private static SafeFileHandle OpenAtOnce(string path, int access)
    {
        // Without O_NONBLOCK the open itself would wait for the other end, for ever when that side is dead.
        using var place = Find(path);
        var end = Open(place, access | Libc.O_NONBLOCK, path);
        try
        {
            Descriptors.SetBlocking(end, true);
            return end;
        }
        catch
        {
            end.Dispose();
            throw;
        }
    }

    private static SafeFileHandle Find(string path)
    {
        var place = Libc.Own(Libc.Open(path, Libc.O_PATH), "open FIFO", path);
        try
        {
            return FileStatus.Is(FileStatus.Mode(place, path), FileStatus.Fifo)
                ? place
                : throw new LinuxException("open FIFO (the path is not a FIFO)", Errno.EINVAL, path);
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    private static SafeFileHandle Open(SafeFileHandle place, int flags, string path) =>
        Libc.Own(Libc.Open($"/proc/self/fd/{place.DangerousGetHandle()}", flags), "open FIFO", path);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int ioctl(SafeFileHandle end, nuint request, out int value);
}
