using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// Waits for the OOM killer in one group. v1: an eventfd registered with cgroup.event_control, which also fires when the
/// group is removed. v2: inotify on memory.events; a group can only be removed once cgroup.events says it is empty, and from
/// then on we look for it ourselves, since the kernel reports no removal.
/// </summary>
internal sealed partial class OomWatch : IWatch
{
    private const int IN_MODIFY = 2;
    private const int IN_CLOEXEC = 0x80000;
    private const int IN_NONBLOCK = 0x800;

    /// <summary>v1 tells that memory has run out before it kills: the count follows within moments, or never (memory was found after all).</summary>
    private const int CountFollowsChecks = 50;
    private const int CountFollowsMilliseconds = 20;
    private const int EmptyMilliseconds = 250;

    private readonly ControlGroup _group;
    private readonly SafeFileHandle _descriptor;
    private readonly bool _unified;
    private readonly TaskCompletionSource<bool> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _checksLeft;

    private OomWatch(ControlGroup group, SafeFileHandle descriptor, bool unified) =>
        (_group, _descriptor, _unified) = (group, descriptor, unified);

    public SafeHandle Descriptor => _descriptor;

    public bool IsOver => _completion.Task.IsCompleted;

    public int CheckAgainAfter { get; private set; } = -1;

    /// <summary>Null: the group is gone.</summary>
    public static OomWatch? TryOfVersion1(ControlGroup group, string folder)
    {
        var opened = Libc.Open($"{folder}/memory.oom_control", Libc.O_RDONLY);
        if (opened < 0 && Marshal.GetLastPInvokeError() is Errno.ENOENT or Errno.ENODEV)
        {
            return null;
        }

        // The registration outlives this descriptor; it ends with the eventfd or the group.
        using var control = Libc.Own(opened, "open", $"{folder}/memory.oom_control");
        var events = WatchThread.NewEventDescriptor();
        if (SmallFile.TryWrite($"{folder}/cgroup.event_control", $"{events.DangerousGetHandle()} {control.DangerousGetHandle()}"))
        {
            return new OomWatch(group, events, unified: false);
        }

        events.Dispose();
        return null;
    }

    /// <summary>Null: the group is gone, or is the root, which has no events.</summary>
    public static OomWatch? TryOfVersion2(ControlGroup group, string folder)
    {
        var notifications = Libc.Own(inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify_init1", folder);
        foreach (var file in (string[])["memory.events", "cgroup.events"])
        {
            if (inotify_add_watch(notifications, $"{folder}/{file}", IN_MODIFY) < 0)
            {
                var failure = Libc.Failure("inotify_add_watch", $"{folder}/{file}");
                notifications.Dispose();
                return failure.Errno is Errno.ENOENT or Errno.ENODEV ? null : throw failure;
            }
        }

        return new OomWatch(group, notifications, unified: true);
    }

    public async Task<bool> WaitAsync(CancellationToken cancellation)
    {
        var thread = WatchThread.Shared;
        thread.Add(this);
        await using var registration = cancellation.Register(() =>
        {
            if (_completion.TrySetCanceled(cancellation))
            {
                thread.Wake();
            }
        });
        return await _completion.Task;
    }

    public bool Check(bool readable)
    {
        try
        {
            if (readable)
            {
                WatchThread.Drain(_descriptor);
                _checksLeft = CountFollowsChecks;
            }

            if (_group.TryOomKills() is not { } kills)
            {
                return _completion.TrySetResult(false) || IsOver;
            }

            if (kills > _group.OomKillsTold)
            {
                _group.OomKillsTold = kills;
                return _completion.TrySetResult(true) || IsOver;
            }

            CheckAgainAfter = NextCheck();
            return false;
        }
        catch (LinuxException exception)
        {
            return _completion.TrySetException(exception) || IsOver;
        }
    }

    public void Dispose() => _descriptor.Dispose();

    private int NextCheck()
    {
        if (_unified)
        {
            var populated = _group.TryRead("memory", "cgroup.events") is { } events && ControlGroup.Figure(events, "populated") > 0;
            return populated ? -1 : EmptyMilliseconds;
        }

        return _checksLeft-- > 0 ? CountFollowsMilliseconds : -1;
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport(Libc.Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(SafeHandle notifications, string path, uint mask);
}
