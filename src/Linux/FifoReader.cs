using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>Opens the read end of a FIFO together with its writer, so that the reader does not mistake "not yet" for "no more".</summary>
public static class FifoReader
{
    /// <summary>
    /// The read end, and null once a writer has come. When the time is over without one, a write end comes with it: as long as
    /// the caller holds that, the reader does not see the end. ENOENT and "not a FIFO" are errors that name the path.
    /// </summary>
    public static async Task<(SafeFileHandle Read, SafeFileHandle? Keeper)> OpenAsync(string path, TimeSpan within, TimeProvider time)
    {
        using var place = Libc.Own(Libc.Open(path, Libc.O_PATH), "open FIFO", path);
        if (!FileStatus.Is(FileStatus.Mode(place, path), FileStatus.Fifo))
        {
            throw new LinuxException("open FIFO (the path is not a FIFO)", Errno.EINVAL, path);
        }

        // The one open that misses no writer is the blocking one: a client that waits in its own open(2) for us may close again
        // before we could look, and then neither poll(2) nor a second open would tell that it has been there.
        var link = $"/proc/self/fd/{place.DangerousGetHandle()}";
        var opening = Task.Factory.StartNew(
            () => Libc.Own(Libc.Open(link, Libc.O_RDONLY), "open FIFO", path),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        try
        {
            return (await opening.WaitAsync(within, time), null);
        }
        catch (TimeoutException)
        {
            // A writer of our own lets the waiting open go. Both ways, because that one may not even have begun.
            var keeper = Libc.Own(Libc.Open(link, Libc.O_RDWR | Libc.O_NONBLOCK), "open FIFO", path);
            return (await opening, keeper);
        }
    }
}
