using System.Globalization;
using System.Text;
using Skiff.Linux;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>
/// Removes what is left of a guest, from a half-made one in this process or from a server that is gone. Whatever is
/// already gone is skipped, so it can be repeated; the quick and important steps come first, since containerd gives the
/// whole <c>delete</c> 5 seconds while hundreds may run.
/// </summary>
internal sealed class Leftovers(ChildReaper reaper, GuestFolder folder, string id, TimeProvider time)
{
    private const int SIGKILL = 9;

    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan KillRound = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan RemoveTime = TimeSpan.FromSeconds(1);

    /// <summary>The command line of the process that holds the namespaces of a guest in a guest host.</summary>
    public static string HolderName(string id) => $"skiff-guest {id}";

    public async Task RemoveAsync(CancellationToken cancellation)
    {
        var group = KillInit();
        if (folder.Runtime is not null && folder.Init is null)
        {
            // Its runtime was interrupted, and goes on making folders where the root file system was mounted.
            await KillRuntimesAsync(cancellation);
        }

        Mounts.UnmountAll(folder.Rootfs);
        await RemoveContainerAsync(cancellation);
        if (group is not null)
        {
            await group.KillAllAsync(KillTime);
        }

        if (folder.Group is { } path)
        {
            KillHolders(path);
            await ControlGroup.AtPath(path).TryRemoveAsync(path, RemoveTime);
        }

        folder.Remove();
    }

    /// <summary>The container and its control group, as the runtime knows them; its files stay.</summary>
    public async Task RemoveContainerAsync(CancellationToken cancellation)
    {
        if (folder.Runtime is not { } program)
        {
            return;
        }

        // --systemd-cgroup is not needed here: both runtimes have written down how they made the group.
        var runtime = new OciRuntime(reaper, program, folder, id, systemdCgroup: false);
        await runtime.DeleteAsync(cancellation);
        if (folder.Init is null)
        {
            // It never came so far that its runtime, if that was interrupted, had written down all that it made.
            await KillRuntimesAsync(cancellation);
            await RemoveGroupsAsync();
        }

        if (Directory.Exists(folder.State))
        {
            Directory.Delete(folder.State, recursive: true);
        }
    }

    // First of all, and without starting a program: what matters most is that nothing of the container runs on.
    private ControlGroup? KillInit()
    {
        if (folder.Init is not { IsAlive: true } init)
        {
            return null;
        }

        var membership = ControlGroup.TryReadMembership(init.Pid);
        init.Signal(SIGKILL);
        return membership is null ? null : ControlGroup.FromMembership(membership);
    }

    // A server that was killed at the wrong moment has not written down the holder that it had just started. The group as a whole is not
    // killed: a thread of a living server may be in it, about to start a holder.
    private void KillHolders(string group)
    {
        var name = Encoding.UTF8.GetBytes(HolderName(id) + "\0");
        var holders = ControlGroup.OfUsageAt(group).Processes().Where(pid => CommandLine(pid).AsSpan().SequenceEqual(name));
        foreach (var holder in holders.Select(ProcessIdentity.TryRead).OfType<ProcessIdentity>())
        {
            holder.Signal(SIGKILL);
        }
    }

    // A runtime that was interrupted before it wrote down its container works in several processes; they, and the init that
    // is still a copy of one, are known by the state folder on their command line. Looked for until none is left: one of them
    // may have forked between the list and the signal, and would make a control group after we have removed it.
    private async Task KillRuntimesAsync(CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        while (Runtimes() is { Count: > 0 } runtimes)
        {
            if (time.GetElapsedTime(start) > KillTime)
            {
                throw new SandboxException(
                    $"Processes {string.Join(", ", runtimes.Select(r => r.Pid))} of the OCI runtime survive SIGKILL: see what the kernel holds them in (/proc/PID/stack).");
            }

            runtimes.ForEach(runtime => runtime.Signal(SIGKILL));
            await Task.Delay(KillRound, time, cancellation);
        }
    }

    private List<ProcessIdentity> Runtimes()
    {
        var mark = Encoding.UTF8.GetBytes($"\0--root\0{folder.State}\0");
        return
        [
            .. from entry in Directory.EnumerateDirectories("/proc")
               let pid = int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out var number) ? number : 0
               where pid > 0 && CommandLine(pid).AsSpan().IndexOf(mark) >= 0
               let process = ProcessIdentity.TryRead(pid)
               where process is not null
               select process.Value,
        ];
    }

    // The runtime that would know them was interrupted, or has failed and removed them itself. Only empty ones go.
    private async Task RemoveGroupsAsync()
    {
        if (Bundle.TryLoad(folder.Path)?.Spec.CgroupsPath is ['/', _, ..] path
            && !await ControlGroup.AtPath(path).TryRemoveAsync(path, RemoveTime))
        {
            throw new SandboxException($"The control group {path} is still in use by another container or by processes that do not end.");
        }
    }

    private static byte[] CommandLine(int pid)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{pid}/cmdline");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It has ended since it was listed.
            return [];
        }
    }
}
