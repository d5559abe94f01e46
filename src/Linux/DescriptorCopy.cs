using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// Copies bytes from one descriptor to another on a thread of its own, for descriptors .NET has no asynchronous reads for:
/// FIFOs and terminals. Few and rare (terminals, outputs whose log program died): everything else goes straight to the guest.
/// </summary>
public sealed partial class DescriptorCopy
{
    private const short POLLIN = 1;
    private const short POLLOUT = 4;
    private const int EFD_CLOEXEC = Libc.O_CLOEXEC;
    private const int BufferBytes = 4096;

    /// <summary>What is copied after <see cref="Stop"/>: something left behind may write for ever.</summary>
    private const int LeftoverBytesMax = 1024 * 1024;

    private const int ThreadStackBytes = 128 * 1024;

    private readonly SafeHandle _source;
    private readonly SafeHandle? _target;
    private readonly SafeFileHandle _stop;
    private readonly Lock _gate = new();
    private nint _leftover = LeftoverBytesMax;
    private bool _stopping;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DescriptorCopy(SafeHandle source, SafeHandle? target)
    {
        (_source, _target) = (source, target);
        _stop = Libc.Own(eventfd(0, EFD_CLOEXEC), "eventfd");
    }

    /// <summary>
    /// Completes when the source has ended (also by EIO, as a terminal's master does), the target's reader is gone, or the copy
    /// was stopped. Fails when the kernel refuses to read or write for another reason.
    /// </summary>
    public Task Ended => _ended.Task;

    /// <summary>Starts copying. The caller owns both handles; they become non-blocking, and are closed no sooner than the copy has ended.</summary>
    /// <param name="target">Null: what comes is thrown away.</param>
    public static DescriptorCopy Start(SafeHandle source, SafeHandle? target, string name)
    {
        var copy = new DescriptorCopy(source, target);
        new Thread(copy.Run, ThreadStackBytes) { IsBackground = true, Name = name }.Start();
        return copy;
    }

    /// <summary>Stops soon; up to <see cref="LeftoverBytesMax"/> that are ready to be read are still copied if the target takes them at once.</summary>
    public unsafe void Stop()
    {
        lock (_gate)
        {
            if (!_stop.IsClosed)
            {
                ulong one = 1;
                Libc.Check(Libc.write(_stop, (byte*)&one, sizeof(ulong)), "write to eventfd");
            }
        }
    }

    private void Run()
    {
        try
        {
            using var source = new Borrowed(_source);
            using var target = new Borrowed(_target);
            Descriptors.SetBlocking(_source, false);
            if (_target is not null)
            {
                Descriptors.SetBlocking(_target, false);
            }

            Copy();
            _ended.SetResult();
        }
        catch (Exception failure) when (failure is LinuxException or ObjectDisposedException)
        {
            _ended.SetException(failure);
        }
        finally
        {
            lock (_gate)
            {
                _stop.Dispose();
            }
        }
    }

    private unsafe void Copy()
    {
        var buffer = stackalloc byte[BufferBytes];
        while (Wait(_source, POLLIN))
        {
            var count = Libc.read(_source, buffer, BufferBytes);
            if (count < 0 && Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR)
            {
                continue;
            }

            if (count == 0 || (count < 0 && Marshal.GetLastPInvokeError() == Errno.EIO))
            {
                return;
            }

            Libc.Check(count, "read");
            if (!Write(buffer, count) || (_stopping && (_leftover -= count) < 0))
            {
                return;
            }
        }
    }

    /// <summary>False when the copy is over.</summary>
    private unsafe bool Write(byte* bytes, nint count)
    {
        if (_target is null)
        {
            return true;
        }

        while (count > 0)
        {
            if (!Wait(_target, POLLOUT))
            {
                return false;
            }

            var written = Libc.write(_target, bytes, (nuint)count);
            if (written < 0)
            {
                switch (Marshal.GetLastPInvokeError())
                {
                    case Errno.EAGAIN or Errno.EINTR:
                        continue;
                    case Errno.EPIPE or Errno.EIO:
                        return false;
                    default:
                        throw Libc.Failure("write");
                }
            }

            bytes += written;
            count -= written;
        }

        return true;
    }

    /// <summary>Waits until the descriptor is ready or at its end; false when the copy was stopped.</summary>
    private unsafe bool Wait(SafeHandle descriptor, short events)
    {
        var polled = stackalloc PollEntry[2];
        polled[0] = new PollEntry { Descriptor = (int)descriptor.DangerousGetHandle(), Events = events };
        polled[1] = new PollEntry { Descriptor = (int)_stop.DangerousGetHandle(), Events = POLLIN };
        while (Libc.poll(polled, 2, -1) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw Libc.Failure("poll");
            }
        }

        // What is ready goes first: a stop at the end of a guest must not cut off what the guest has written.
        _stopping |= polled[1].Returned != 0;
        return polled[0].Returned != 0 || !_stopping;
    }

    /// <summary>Keeps a handle's number from being given to another file while poll(2) waits for it.</summary>
    private readonly struct Borrowed : IDisposable
    {
        private readonly SafeHandle? _handle;

        public Borrowed(SafeHandle? handle)
        {
            var taken = false;
            handle?.DangerousAddRef(ref taken);
            _handle = handle;
        }

        public void Dispose() => _handle?.DangerousRelease();
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);
}
