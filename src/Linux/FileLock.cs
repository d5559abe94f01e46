using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// An exclusive flock(2) on a file, held until disposed or until the process ends in whatever way. The file stays: removing
/// it would let two holders lock two files of the same name.
/// </summary>
public sealed partial class FileLock : IDisposable
{
    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;
    private const int ThreadStackBytes = 128 * 1024;

    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    /// <summary>Takes the lock; null when somebody holds it.</summary>
    /// <param name="path">Made with mode 0600 when missing; its folder must exist.</param>
    public static FileLock? TryAcquire(string path)
    {
        var file = Open(path);
        if (TryLock(file, LOCK_EX | LOCK_NB, path))
        {
            return new FileLock(file);
        }

        file.Dispose();
        return null;
    }

    /// <summary>Waits for the lock on the calling thread: for programs that have nothing else to do.</summary>
    public static FileLock Acquire(string path)
    {
        var file = Open(path);
        TryLock(file, LOCK_EX, path);
        return new FileLock(file);
    }

    /// <summary>Waits for the lock. A cancelled wait gives the lock back the moment it gets it.</summary>
    public static async Task<FileLock> AcquireAsync(string path, CancellationToken cancellation)
    {
        if (TryAcquire(path) is { } free)
        {
            return free;
        }

        // The kernel offers no asynchronous wait for a lock, and a pool thread blocked for long would starve the others.
        var completion = new TaskCompletionSource<FileLock>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = cancellation.Register(() => completion.TrySetCanceled(cancellation));
        new Thread(() => Wait(path, completion), ThreadStackBytes) { IsBackground = true, Name = "file lock" }.Start();
        return await completion.Task;
    }

    public void Dispose() => _file.Dispose();

    private static void Wait(string path, TaskCompletionSource<FileLock> completion)
    {
        try
        {
            var held = Acquire(path);
            if (!completion.TrySetResult(held))
            {
                held.Dispose();
            }
        }
        catch (LinuxException exception)
        {
            completion.TrySetException(exception);
        }
    }

    private static SafeFileHandle Open(string path) =>
        Libc.Own(Libc.Open(path, Libc.O_RDWR | Libc.O_CREAT, mode: 0x180), "open lock file", path);

    /// <summary>False when it is held and the caller does not want to wait.</summary>
    private static bool TryLock(SafeFileHandle file, int operation, string path)
    {
        while (flock(file, operation) != 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR:
                    continue;
                case Errno.EAGAIN:
                    return false;
                default:
                    var failure = Libc.Failure("lock", path);
                    file.Dispose();
                    throw failure;
            }
        }

        return true;
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int flock(SafeHandle file, int operation);
}
