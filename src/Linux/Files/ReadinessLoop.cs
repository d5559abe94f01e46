using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux.Files;

/// <summary>What a descriptor can be ready for (poll(2), epoll(7): the bits are the same).</summary>
[Flags]
public enum Readiness
{
    None = 0,
    Readable = 1,
    Writable = 4,

    /// <summary>An error or the other end's leaving: reported without asking.</summary>
    Ended = 0x18,
}

/// <summary>
/// Waits for descriptors on behalf of all guests of a process: one epoll(7) and one thread, which starts with the first
/// wait. A wait keeps its descriptor open, so a number cannot be reused under it.
/// </summary>
public sealed partial class ReadinessLoop : IDisposable
{
    private const int EPOLL_CTL_ADD = 1;
    private const int EPOLL_CTL_DEL = 2;
    private const int EPOLL_CTL_MOD = 3;
    private const uint EPOLLONESHOT = 1 << 30;
    private const int EventsPerWait = 64;
    private const int StackBytes = 256 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Entry> _entries = [];
    private SafeFileHandle? _epoll;
    private SafeFileHandle? _wake;
    private bool _disposed;

    /// <summary>What the descriptor is ready for now, of what is asked for; <see cref="Readiness.Ended"/> unasked.</summary>
    public static unsafe Readiness Now(SafeHandle descriptor, Readiness wanted)
    {
        var added = false;
        try
        {
            descriptor.DangerousAddRef(ref added);
            var entry = new PollEntry { Descriptor = (int)descriptor.DangerousGetHandle(), Events = (short)wanted };
            int count;
            do
            {
                count = Libc.poll(&entry, 1, 0);
            }
            while (FileCalls.Interrupted(count));
            return (Readiness)entry.Returned & (wanted | Readiness.Ended);
        }
        finally
        {
            if (added)
            {
                descriptor.DangerousRelease();
            }
        }
    }

    /// <summary>
    /// Waits until the descriptor is ready for one of <paramref name="wanted"/>, or ended. What is always ready (a regular
    /// file) is so at once. Continuations run on the thread pool.
    /// </summary>
    /// <exception cref="LinuxException">The kernel cannot watch it.</exception>
    public ValueTask WaitAsync(SafeHandle descriptor, Readiness wanted, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellation);
        }

        var wait = new Wait(this, descriptor, wanted);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Start();
            if (!TryEnter(wait))
            {
                wait.Release();
                return ValueTask.CompletedTask;
            }
        }

        wait.CancelWith(cancellation);
        return new ValueTask(wait.Task);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            if (_wake is { } wake)
            {
                // The thread closes both descriptors when it sees this.
                StreamIO.Write(wake, BitConverter.GetBytes(1UL));
            }
        }
    }

    private static unsafe int Control(SafeHandle epoll, int operation, int descriptor, uint events)
    {
        var entry = new EpollEvent { Events = events, Descriptor = descriptor };
        return RuntimeInformation.ProcessArchitecture == Architecture.X64
            ? FileCalls.Answer(epoll_ctl(epoll, operation, descriptor, &entry))
            : ControlAligned(epoll, operation, descriptor, events);
    }

    private static unsafe int ControlAligned(SafeHandle epoll, int operation, int descriptor, uint events)
    {
        var entry = new AlignedEpollEvent { Events = events, Descriptor = descriptor };
        return FileCalls.Answer(epoll_ctl(epoll, operation, descriptor, &entry));
    }

    private void Start()
    {
        if (_epoll is not null)
        {
            return;
        }

        _epoll = Libc.Own(epoll_create1(Libc.O_CLOEXEC), "epoll_create1");
        _wake = Libc.Own(eventfd(0, Libc.O_CLOEXEC | Libc.O_NONBLOCK), "eventfd");
        Libc.Check(Control(_epoll, EPOLL_CTL_ADD, (int)_wake.DangerousGetHandle(), (uint)Readiness.Readable), "epoll_ctl");
        new Thread(Run, StackBytes) { IsBackground = true, Name = "readiness" }.Start();
    }

    // Under the lock. False: the descriptor is of a kind that never makes one wait.
    private bool TryEnter(Wait wait)
    {
        var number = wait.Number;
        if (_entries.TryGetValue(number, out var entry))
        {
            entry.Waits.Add(wait);
            Libc.Check(Control(_epoll!, EPOLL_CTL_MOD, number, entry.Events | EPOLLONESHOT), "epoll_ctl");
            return true;
        }

        entry = new Entry();
        entry.Waits.Add(wait);
        var result = Control(_epoll!, EPOLL_CTL_ADD, number, entry.Events | EPOLLONESHOT);
        if (result == -Errno.EPERM)
        {
            return false;
        }

        if (result < 0)
        {
            wait.Release();
            throw new LinuxException("epoll_ctl", -result);
        }

        _entries.Add(number, entry);
        return true;
    }

    private void Leave(Wait wait)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(wait.Number, out var entry) && entry.Waits.Remove(wait) && !_disposed)
            {
                Rearm(wait.Number, entry);
            }
        }
    }

    private void Rearm(int number, Entry entry)
    {
        if (entry.Waits.Count > 0)
        {
            Control(_epoll!, EPOLL_CTL_MOD, number, entry.Events | EPOLLONESHOT);
            return;
        }

        // Taken out before the last reference goes: afterwards the number may already be another file's.
        Control(_epoll!, EPOLL_CTL_DEL, number, 0);
        _entries.Remove(number);
    }

    private void Run()
    {
        Span<(int Descriptor, Readiness Ready)> ready = stackalloc (int, Readiness)[EventsPerWait];
        var done = new List<Wait>();
        while (true)
        {
            var count = WaitForEvents(ready);
            lock (_lock)
            {
                if (_disposed)
                {
                    done.AddRange(_entries.Values.SelectMany(entry => entry.Waits));
                    _entries.Clear();
                    _epoll!.Dispose();
                    _wake!.Dispose();
                }
                else
                {
                    foreach (var (descriptor, events) in ready[..count])
                    {
                        Collect(descriptor, events, done);
                    }
                }
            }

            foreach (var wait in done)
            {
                wait.Complete();
            }

            done.Clear();
            if (_disposed)
            {
                return;
            }
        }
    }

    private void Collect(int descriptor, Readiness events, List<Wait> done)
    {
        if (!_entries.TryGetValue(descriptor, out var entry))
        {
            return;
        }

        for (var i = entry.Waits.Count - 1; i >= 0; i--)
        {
            if ((events & (entry.Waits[i].Wanted | Readiness.Ended)) != 0)
            {
                done.Add(entry.Waits[i]);
                entry.Waits.RemoveAt(i);
            }
        }

        Rearm(descriptor, entry);
    }

    private unsafe int WaitForEvents(Span<(int Descriptor, Readiness Ready)> ready)
    {
        var packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
        var size = packed ? sizeof(EpollEvent) : sizeof(AlignedEpollEvent);
        var raw = stackalloc byte[EventsPerWait * sizeof(AlignedEpollEvent)];
        int count;
        do
        {
            count = epoll_wait(_epoll!, raw, EventsPerWait, -1);
        }
        while (FileCalls.Interrupted(count));
        Libc.Check(count, "epoll_wait");
        for (var i = 0; i < count; i++)
        {
            var at = raw + (i * size);
            ready[i] = packed
                ? (((EpollEvent*)at)->Descriptor, (Readiness)((EpollEvent*)at)->Events)
                : (((AlignedEpollEvent*)at)->Descriptor, (Readiness)((AlignedEpollEvent*)at)->Events);
        }

        return count;
    }

    private sealed class Entry
    {
        public List<Wait> Waits { get; } = [];

        public uint Events
        {
            get
            {
                var events = Readiness.None;
                foreach (var wait in Waits)
                {
                    events |= wait.Wanted;
                }

                return (uint)events;
            }
        }
    }

    /// <summary>One waiter. Ended once: by the loop or by its token, whichever is first.</summary>
    private sealed class Wait
    {
        private readonly ReadinessLoop _loop;
        private readonly SafeHandle _descriptor;

        // Not on the loop's thread: what comes after a wait may be a guest.
        private readonly TaskCompletionSource _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private CancellationTokenRegistration _registration;
        private int _ended;

        public Wait(ReadinessLoop loop, SafeHandle descriptor, Readiness wanted)
        {
            var added = false;
            descriptor.DangerousAddRef(ref added);
            (_loop, _descriptor, Wanted) = (loop, descriptor, wanted);
        }

        public Readiness Wanted { get; }

        public int Number => (int)_descriptor.DangerousGetHandle();

        public Task Task => _source.Task;

        public void Release() => _descriptor.DangerousRelease();

        public void CancelWith(CancellationToken cancellation)
        {
            if (cancellation.CanBeCanceled)
            {
                _registration = cancellation.UnsafeRegister(static (self, token) => ((Wait)self!).Cancel(token), this);
                if (Volatile.Read(ref _ended) != 0)
                {
                    // Completed while being registered, and so without seeing the registration.
                    _registration.Unregister();
                }
            }
        }

        public void Complete()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                Release();
                _registration.Unregister();
                _source.TrySetResult();
            }
        }

        private void Cancel(CancellationToken token)
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                _loop.Leave(this);
                Release();
                _source.TrySetCanceled(token);
            }
        }
    }

    // x86-64 packs struct epoll_event, and only it.
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct EpollEvent
    {
        public uint Events;
        public int Descriptor;
        private readonly int _unused;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct AlignedEpollEvent
    {
        public uint Events;
        private readonly int _padding;
        public int Descriptor;
        private readonly int _unused;
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int eventfd(uint value, int flags);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int epoll_ctl(SafeHandle epoll, int operation, int descriptor, void* entry);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int epoll_wait(SafeHandle epoll, void* events, int count, int timeout);
}
