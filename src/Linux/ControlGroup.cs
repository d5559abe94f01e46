using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// A process's control groups, in whichever of the kernel's layouts the node has: v1 (one hierarchy a controller), v2
/// (unified), or both (hybrid). crun and runc make and limit them.
/// </summary>
public sealed class ControlGroup
{
    /// <summary>
    /// Of a group's v1 hierarchies, the ones asked for its processes, best first: those where a runtime always makes a
    /// group of its own.
    /// </summary>
    private static readonly string[] ProcessHierarchies = ["freezer", "pids", "memory", "cpu", "devices", "name=systemd"];

    /// <summary>Of v1, the hierarchies of <see cref="OfUsageAt"/>: each costs making and removing a group.</summary>
    private static readonly string[] UsageControllers = ["memory", "cpu", "cpuacct", "pids"];

    /// <summary>Processes pinned at once while a group is signalled: far below the default limit of 1024 open files.</summary>
    private const int PinnedMax = 256;

    /// <summary>Rounds before a v1 group is frozen to be killed: what still lives then forks faster than we signal.</summary>
    private const int PlainRounds = 20;

    private static readonly TimeSpan RemoveRound = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan KillRound = TimeSpan.FromMilliseconds(5);

    private readonly ControlGroupFolders _folders;

    private ControlGroup(string membership, ControlGroupFolders folders)
    {
        Membership = membership;
        _folders = folders;
        OomKillsTold = OomKills();
    }

    /// <summary>
    /// The groups that <paramref name="pid"/> is in now (/proc/PID/cgroup), found through the mounts of this node.
    /// Fails with <see cref="LinuxException"/> (ENOENT) when the process is gone.
    /// </summary>
    public static ControlGroup OfProcess(int pid) => FromMembership(SmallFile.Read($"/proc/{pid}/cgroup"));

    /// <summary>
    /// What /proc/PID/cgroup says; null when the process is gone or on its way out: of one that has begun to exit, and long before it
    /// is a zombie, the kernel says that it is in the root of each v1 hierarchy.
    /// </summary>
    public static string? TryReadMembership(int pid) =>
        SmallFile.TryRead($"/proc/{pid}/cgroup") is { } text && !IsOfExiting(text) ? text : null;

    internal static bool IsOfExiting(string membership)
    {
        var version1 = membership.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("0::", StringComparison.Ordinal)).ToList();
        return version1.Count > 0 && version1.All(line => line.EndsWith(":/", StringComparison.Ordinal));
    }

    /// <summary>The groups of a process whose <see cref="Membership"/> was written down while it lived.</summary>
    public static ControlGroup FromMembership(string membership) =>
        new(membership, ControlGroupFolders.Find(membership, SmallFile.Read("/proc/self/mountinfo"), relocate: point => point));

    /// <summary>
    /// The groups at <paramref name="path"/> in every hierarchy, whether they are there or not: what a runtime that was
    /// interrupted may have made for a process that is gone.
    /// </summary>
    /// <param name="path">Absolute, as for <see cref="TryRemoveAsync"/>.</param>
    public static ControlGroup AtPath(string path)
    {
        var lines = SmallFile.Read("/proc/self/cgroup").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return FromMembership(string.Join('\n', lines.Select(line => line[..(line.IndexOf(':', line.IndexOf(':') + 1) + 1)] + path)));
    }

    /// <summary>
    /// The group at <paramref name="path"/>, whether it is there or not, in the hierarchies alone that say what its processes use: for
    /// processes that no runtime makes a group for.
    /// </summary>
    /// <param name="path">Absolute, below the root of each hierarchy.</param>
    public static ControlGroup OfUsageAt(string path)
    {
        var all = AtPath(path);
        var version1 = UsageControllers.Where(all._folders.Controllers.ContainsKey).ToDictionary(name => name, name => all._folders.Controllers[name]);
        return new ControlGroup(all.Membership, all._folders with { Controllers = version1, Unified = version1.Count > 0 ? null : all._folders.Unified });
    }

    /// <summary>Of a group <see cref="OfUsageAt"/> a path: puts this process into it, made where it is missing.</summary>
    public void Enter() => Move(Environment.ProcessId);

    /// <summary>
    /// Of a group <see cref="OfUsageAt"/> a path: starts a process in it, made where it is missing. On v1 the process is born there,
    /// because the thread that starts it is; that thread stays, and should end soon.
    /// </summary>
    /// <remarks>
    /// Moving a process makes the kernel wait until every processor has seen it, some milliseconds; a thread that moves itself, by
    /// writing 0 to <c>tasks</c>, does not (Documentation/admin-guide/cgroup-v1/cgroups.rst, 2.2). v2 has that for whole processes only.
    /// </remarks>
    public ChildProcess StartIn(Func<ChildProcess> start)
    {
        foreach (var folder in _folders.Controllers.Values.Distinct())
        {
            Directory.CreateDirectory(folder);
            if (!SmallFile.TryWrite($"{folder}/tasks", "0"))
            {
                throw new LinuxException("enter the control group", Errno.ENOENT, folder);
            }
        }

        var child = start();
        if (_folders.Unified is not null)
        {
            Move(child.Pid);
        }

        return child;
    }

    /// <summary>
    /// For tests on recorded files: <paramref name="mountRoot"/> stands for /sys/fs/cgroup, <paramref name="procCgroup"/>
    /// for /proc/PID/cgroup, <paramref name="mountInfo"/> for /proc/self/mountinfo.
    /// </summary>
    internal static ControlGroup Parse(string procCgroup, string mountInfo, string mountRoot)
    {
        const string Standard = "/sys/fs/cgroup";
        string Relocate(string point) =>
            point.StartsWith(Standard, StringComparison.Ordinal) ? mountRoot + point[Standard.Length..] : point;
        return new ControlGroup(procCgroup, ControlGroupFolders.Find(procCgroup, mountInfo, Relocate));
    }

    /// <summary>What /proc/PID/cgroup said.</summary>
    public string Membership { get; }

    /// <summary>True when memory and cpu are v2 controllers.</summary>
    public bool IsUnified =>
        _folders.Unified is not null && !_folders.Controllers.ContainsKey("memory") && !_folders.Controllers.ContainsKey("cpu");

    /// <summary>The count at which <see cref="WaitForOomAsync"/> was last answered, so that no kill between two waits is lost.</summary>
    internal long OomKillsTold { get; set; }

    /// <summary>All processes in the group and the groups below it; those that this process's pid namespace does not show are left out.</summary>
    public IReadOnlyList<int> Processes()
    {
        var pids = new HashSet<int>();
        if (ProcessFolder is { } folder)
        {
            Collect(folder, pids);
        }

        return [.. pids];
    }

    /// <summary>
    /// Sends a signal to all of <see cref="Processes"/>; returns to how many. One that is started meanwhile may be missed.
    /// Refuses (EBUSY) a root of a hierarchy and a group that this process is in: those are not a container's.
    /// </summary>
    public int SignalAll(int signal)
    {
        if (ProcessFolder is { } folder && !_folders.Own.Contains(folder))
        {
            throw NotAContainers("it is the root of its hierarchy");
        }

        var sent = 0;
        foreach (var pids in Processes().Chunk(PinnedMax))
        {
            if (pids.Contains(Environment.ProcessId))
            {
                throw NotAContainers("this process is in it");
            }

            sent += SignalPinned(pids, signal);
        }

        return sent;
    }

    /// <summary>
    /// Sends SIGKILL to all of <see cref="Processes"/> (cgroup.kill where the kernel has it) until none is left or the time is
    /// over (false). A frozen group is thawed: on v1 nothing dies frozen. Refuses like <see cref="SignalAll"/>.
    /// </summary>
    public async Task<bool> KillAllAsync(TimeSpan within)
    {
        var start = TimeProvider.System.GetTimestamp();
        for (var round = 0; KillRemaining(freeze: round > PlainRounds) > 0; round++)
        {
            if (TimeProvider.System.GetElapsedTime(start) > within)
            {
                return false;
            }

            await Task.Delay(KillRound);
        }

        return true;
    }

    /// <summary>
    /// Removes the group and those below it from all hierarchies in which it lies at <paramref name="path"/>, once it holds no
    /// process; true when none is left. Hierarchies where the process was in another group are left alone: that is not its own.
    /// </summary>
    /// <param name="path">As the runtime was told it (<c>linux.cgroupsPath</c> of the cgroupfs driver): absolute, not the root.</param>
    /// <param name="within">How long a group may stay busy; the kernel lets go of an ended process a moment after its end.</param>
    public async Task<bool> TryRemoveAsync(string path, TimeSpan within)
    {
        if (path.Length < 2 || path[0] != '/')
        {
            throw new ArgumentException($"'{path}' is no absolute path of a control group below the root.", nameof(path));
        }

        var start = TimeProvider.System.GetTimestamp();
        foreach (var folder in _folders.Own.Where(folder => folder.EndsWith(path, StringComparison.Ordinal)))
        {
            while (!TryRemove(folder))
            {
                if (TimeProvider.System.GetElapsedTime(start) > within)
                {
                    return false;
                }

                await Task.Delay(RemoveRound);
            }
        }

        return true;
    }

    /// <summary>How often the OOM killer has struck in this group (memory.oom_control or memory.events); 0 where it cannot be read.</summary>
    public long OomKills() => TryOomKills() ?? 0;

    /// <summary>
    /// Waits until <see cref="OomKills"/> has grown since this object was made, or since the last wait that told so (true), or
    /// the group is gone, has no memory controller or is the root (false). One wait at a time.
    /// </summary>
    public Task<bool> WaitForOomAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var watch = Folder("memory") is not { } folder || !_folders.Own.Contains(folder) ? null
            : _folders.Controllers.ContainsKey("memory") ? OomWatch.TryOfVersion1(this, folder)
            : OomWatch.TryOfVersion2(this, folder);
        return watch?.WaitAsync(cancellation) ?? Task.FromResult(false);
    }

    /// <summary>Files of the group by controller, e.g. ("memory", "memory.usage_in_bytes"); null when missing. For the metrics.</summary>
    public string? TryRead(string controller, string file)
    {
        if (file.Contains('/', StringComparison.Ordinal))
        {
            throw new ArgumentException($"{file} is not the name of a file in a control group.", nameof(file));
        }

        return Folder(controller) is { } folder ? SmallFile.TryRead($"{folder}/{file}") : null;
    }

    /// <summary>Writes a file of the group; false when there is none, or the kernel refuses the value. Never of a group that is not its own.</summary>
    public bool TryWrite(string controller, string file, string value)
    {
        try
        {
            return Folder(controller) is { } folder && _folders.Own.Contains(folder) && SmallFile.TryWrite($"{folder}/{file}", value);
        }
        catch (LinuxException)
        {
            return false;
        }
    }

    /// <summary>Null: the group is gone, or has no memory controller.</summary>
    internal long? TryOomKills() =>
        (TryRead("memory", "memory.oom_control") ?? TryRead("memory", "memory.events")) is { } text ? Figure(text, "oom_kill") : null;

    /// <summary>A figure of a file of lines <c>name value</c>; 0 when the kernel does not have it.</summary>
    public static long Figure(string text, string name)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == ' ')
            {
                return long.TryParse(line[(name.Length + 1)..], CultureInfo.InvariantCulture, out var value) ? value : 0;
            }
        }

        return 0;
    }

    private void Move(int pid)
    {
        foreach (var folder in _folders.Controllers.Values.Append(_folders.Unified).OfType<string>().Distinct())
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText($"{folder}/cgroup.procs", pid.ToString(CultureInfo.InvariantCulture));
        }
    }

    private string? ProcessFolder
    {
        get
        {
            var folders = ProcessHierarchies.Select(name => _folders.Controllers.GetValueOrDefault(name)).OfType<string>();
            var preferred = (IsUnified ? [] : folders).Append(_folders.Unified).OfType<string>().ToList();

            // A hierarchy the runtime left alone would show the processes of the whole node.
            return preferred.FirstOrDefault(_folders.Own.Contains) ?? preferred.FirstOrDefault();
        }
    }

    private string? Folder(string controller) => _folders.Controllers.GetValueOrDefault(controller) ?? _folders.Unified;

    private LinuxException NotAContainers(string reason) => new(
        $"signal control group ({reason}: the container has no group of its own, is linux.cgroupsPath set?)",
        Errno.EBUSY,
        ProcessFolder);

    private static void Collect(string folder, HashSet<int> pids)
    {
        // Null also where a v2 group is threaded: its processes are listed by the group above it.
        foreach (var line in (SmallFile.TryRead($"{folder}/cgroup.procs") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (int.Parse(line, CultureInfo.InvariantCulture) is > 0 and var pid)
            {
                pids.Add(pid);
            }
        }

        var below = new DirectoryInfo(folder);
        foreach (var child in Subfolders(below))
        {
            Collect(child, pids);
        }
    }

    private static string[] Subfolders(DirectoryInfo folder)
    {
        try
        {
            return [.. folder.EnumerateDirectories().Select(child => child.FullName)];
        }
        catch (DirectoryNotFoundException)
        {
            // Removed since it was listed: then it had no processes either.
            return [];
        }
    }

    // Only empty folders go: rmdir(2) never takes a group with a process in it.
    private static bool TryRemove(string folder)
    {
        if (Libc.rmdir(folder) == 0)
        {
            return true;
        }

        switch (Marshal.GetLastPInvokeError())
        {
            case Errno.ENOENT:
                return true;
            case Errno.EBUSY:
                break;
            default:
                throw Libc.Failure("remove control group", folder);
        }

        var children = Subfolders(new DirectoryInfo(folder));
        return children.Length > 0 && children.All(TryRemove) && TryRemove(folder);
    }

    private int KillRemaining(bool freeze)
    {
        // On v1 nobody can outrun the signals from within a frozen group; they take effect when it is thawed.
        var freezer = _folders.Controllers.GetValueOrDefault("freezer") is { } folder && _folders.Own.Contains(folder) ? folder : null;
        if (freeze && freezer is not null)
        {
            SmallFile.TryWrite($"{freezer}/freezer.state", "FROZEN");
        }

        // SignalAll comes first for its refusal: cgroup.kill would end this very process.
        var signalled = SignalAll(Signals.SIGKILL);
        if (IsUnified && signalled > 0)
        {
            SmallFile.TryWrite($"{ProcessFolder}/cgroup.kill", "1");
        }
        else if (freezer is not null)
        {
            SmallFile.TryWrite($"{freezer}/freezer.state", "THAWED");
        }

        return signalled > 0 ? signalled : Processes().Count;
    }

    private int SignalPinned(int[] pids, int signal)
    {
        var pinned = new List<(int Pid, SafeFileHandle Process)>(pids.Length);
        try
        {
            foreach (var pid in pids)
            {
                if (PidFd.TryOpen(pid) is { } process)
                {
                    pinned.Add((pid, process));
                }
            }

            // Asked again now that no number can change hands: what is no longer listed is somebody else's process.
            var still = Processes().ToHashSet();
            return pinned.Count(entry => still.Contains(entry.Pid) && PidFd.Send(entry.Process, signal, entry.Pid));
        }
        finally
        {
            pinned.ForEach(entry => entry.Process.Dispose());
        }
    }
}
