using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>Something that waits for a descriptor to become readable. Only the <see cref="WatchThread"/> touches it once it was added.</summary>
internal interface IWatch : IDisposable
{
    SafeHandle Descriptor { get; }

    /// <summary>True once nobody wants the answer any more; may turn true on any thread.</summary>
    bool IsOver { get; }

    /// <summary>After how many milliseconds <see cref="Check"/> is due even if nothing happens; -1: never.</summary>
    int CheckAgainAfter { get; }

    /// <summary>Called once at the start, when the descriptor is readable, and when due. Must not block or throw. True: over.</summary>
    bool Check(bool readable);
}

/// <summary>
/// One thread for all watches of the process, started with the first. poll(2), not epoll: a descriptor of an epoll set that
/// is closed while a child being started still holds a copy goes on reporting events, for whoever gets its number next. A
/// set made anew for each call has no memory; and descriptors are closed by this thread only, never during a call.
/// </summary>
internal sealed partial class WatchThread
{
    private const int ThreadStackBytes = 256 * 1024;
    private const int EFD_CLOEXEC = 0x80000;
    private const int EFD_NONBLOCK = 0x800;
    private const short POLLIN = 1;

    private static readonly Lazy<WatchThread> Instance = new(() => new WatchThread());

    private readonly SafeFileHandle _wake = Libc.Own(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    private readonly Lock _gate = new();
    private readonly List<IWatch> _added = [];

    private WatchThread() =>
        new Thread(Run, ThreadStackBytes) { IsBackground = true, Name = "descriptor watch" }.Start();

    public static WatchThread Shared => Instance.Value;

    public static SafeFileHandle NewEventDescriptor() => Libc.Own(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");

    /// <summary>Empties an eventfd or inotify descriptor, so that it is readable again only after the next event.</summary>
    public static unsafe void Drain(SafeHandle descriptor)
    {
        var buffer = stackalloc byte[4096];
        while (Libc.read(descriptor, buffer, 4096) > 0)
        {
        }
    }

    /// <summary>Takes ownership of the watch and disposes it when it is over.</summary>
    public void Add(IWatch watch)
    {
        lock (_gate)
        {
            _added.Add(watch);
        }

        Wake();
    }

    /// <summary>To be called when a watch has come to be over from outside.</summary>
    public unsafe void Wake()
    {
        ulong one = 1;
        if (Libc.write(_wake, (byte*)&one, sizeof(ulong)) < 0 && Marshal.GetLastPInvokeError() != Errno.EAGAIN)
        {
            throw Libc.Failure("wake the descriptor watch");
        }
    }

    private void Run()
    {
        var watches = new List<IWatch>();
        while (true)
        {
            lock (_gate)
            {
                watches.AddRange(_added.Where(watch => !End(watch, watch.IsOver || watch.Check(readable: false))));
                _added.Clear();
            }

            var readable = Poll(watches);
            watches = [.. watches.Where((watch, i) => !End(watch, watch.IsOver || (NeedsCheck(watch, readable[i]) && watch.Check(readable[i]))))];
        }
    }

    /// <summary>A timer that is due a little early costs one more look at a file; keeping a clock for each watch is not worth it.</summary>
    private static bool NeedsCheck(IWatch watch, bool readable) => readable || watch.CheckAgainAfter >= 0;

    private static bool End(IWatch watch, bool over)
    {
        if (over)
        {
            watch.Dispose();
        }

        return over;
    }

    private unsafe bool[] Poll(List<IWatch> watches)
    {
        var entries = new PollEntry[watches.Count + 1];
        entries[0] = new PollEntry { Descriptor = (int)_wake.DangerousGetHandle(), Events = POLLIN };
        var timeout = -1;
        for (var i = 0; i < watches.Count; i++)
        {
            entries[i + 1] = new PollEntry { Descriptor = (int)watches[i].Descriptor.DangerousGetHandle(), Events = POLLIN };
            var due = watches[i].CheckAgainAfter;
            timeout = due < 0 ? timeout : timeout < 0 ? due : Math.Min(timeout, due);
        }

        fixed (PollEntry* start = entries)
        {
            if (Libc.poll(start, (nuint)entries.Length, timeout) < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw Libc.Failure("poll");
            }
        }

        Drain(_wake);
        return [.. entries.Skip(1).Select(entry => entry.Returned != 0)];
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);
}
