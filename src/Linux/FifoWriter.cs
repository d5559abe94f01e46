using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>Waits for somebody to open a FIFO for writing, where one holds a read end already and must not mistake "not yet" for "no more".</summary>
public static partial class FifoWriter
{
    private const short POLLIN = 1;
    private const short POLLHUP = 16;

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// Null once a writer has come, even if it has gone again. Else, when the time is over, a write end: as long as the caller
    /// holds it, the reader does not see the end.
    /// </summary>
    /// <param name="readEnd">Open before this call, so that the writer's own open was let through.</param>
    public static async Task<SafeFileHandle?> WaitAsync(SafeFileHandle readEnd, TimeSpan within, TimeProvider time)
    {
        if (HasCome(readEnd))
        {
            return null;
        }

        // Only open(2) itself waits for a writer that neither writes nor goes. It returns at once when there is one.
        var path = $"/proc/self/fd/{readEnd.DangerousGetHandle()}";
        var opening = Task.Factory.StartNew(
            () => Libc.Own(Libc.Open(path, Libc.O_RDONLY), "open FIFO", path).Dispose(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var start = time.GetTimestamp();
        while (!opening.IsCompleted && !HasCome(readEnd) && time.GetElapsedTime(start) < within)
        {
            // A writer that came and went before our open began wakes nobody: only looking again shows that it has been there.
            await Task.WhenAny(opening, Task.Delay(LookAgain, time));
        }

        if (opening.IsCompleted)
        {
            await opening;
            return null;
        }

        // A writer of our own lets the waiting open go, and hides whether another has been there: looked at before and after.
        var came = HasCome(readEnd);
        var keeper = Libc.Own(Libc.Open(path, Libc.O_WRONLY | Libc.O_NONBLOCK), "open FIFO", path);
        await opening;
        if (!came && !HasCome(readEnd))
        {
            return keeper;
        }

        keeper.Dispose();
        return null;
    }

    /// <summary>Linux tells of a hang-up only if there has been a writer since this read end was opened.</summary>
    private static unsafe bool HasCome(SafeFileHandle readEnd)
    {
        var polled = new PollDescriptor { Descriptor = (int)readEnd.DangerousGetHandle(), Events = POLLIN };
        Libc.Check(poll(&polled, 1, 0), "poll");
        return (polled.Returned & (POLLIN | POLLHUP)) != 0;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int poll(PollDescriptor* descriptors, nuint count, int milliseconds);
}
