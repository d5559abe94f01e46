using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>What init and exec have in common: a child of ours in a container, seen as containerd's process.</summary>
internal sealed class GuestProcess(ChildProcess child)
{
    public int Pid => child.Pid;

    public Task<ProcessExit> Exit { get; } = ToProcessExitAsync(child);

    public bool Signal(int signal) => child.Signal(signal);

    private static async Task<ProcessExit> ToProcessExitAsync(ChildProcess child)
    {
        var exit = await child.Exit;
        return new ProcessExit(exit.Code, exit.At);
    }
}
