using System.Globalization;
using System.Text;
using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>
/// Removes what is left of a guest, from a half-made one in this process or from a server that is gone. Whatever is
/// already gone is skipped, so it can be repeated; the quick and important steps come first, since containerd gives the
/// whole <c>delete</c> 5 seconds while hundreds may run.
/// </summary>
internal sealed class Leftovers(ChildReaper reaper, GuestFolder folder, string id)
{
    private const int SIGKILL = 9;

    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(2);

    public async Task RemoveAsync(CancellationToken cancellation)
    {
        var group = KillInit();
        Mounts.UnmountAll(folder.Rootfs);
        await RemoveContainerAsync(cancellation);
        if (group is not null)
        {
            await group.KillAllAsync(KillTime);
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
        if (!await runtime.DeleteAsync(cancellation))
        {
            KillRuntimes();
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

        try
        {
            var group = ControlGroup.OfProcess(init.Pid);
            init.Signal(SIGKILL);
            return group;
        }
        catch (LinuxException) when (!init.IsAlive)
        {
            return null;
        }
    }

    // A runtime that was interrupted before it wrote down its container: it, and the init that is still a copy of it, are
    // known by the state folder on their command line.
    private void KillRuntimes()
    {
        var mark = Encoding.UTF8.GetBytes($"\0--root\0{folder.State}\0");
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(entry), CultureInfo.InvariantCulture, out var pid)
                || ProcessIdentity.TryRead(pid) is not { } process)
            {
                continue;
            }

            if (CommandLine(pid).AsSpan().IndexOf(mark) >= 0)
            {
                process.Signal(SIGKILL);
            }
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
