using Skiff.Linux;
using Skiff.Shim.Bootstrap;
using Skiff.Shim.Stdio;

namespace Skiff.Shim.Tasks;

/// <summary>What Create asks for.</summary>
internal sealed record TaskCreation(
    string Id, string Bundle, IReadOnlyList<MountPoint> Rootfs, StdioAddresses Stdio, ShimOptions Options, string Checkpoint = "");

/// <summary>What Exec asks for.</summary>
/// <param name="ProcessJson">The OCI <c>process</c> object, JSON.</param>
internal sealed record ExecCreation(string Id, string ExecId, StdioAddresses Stdio, ReadOnlyMemory<byte> ProcessJson);

/// <summary>What State answers.</summary>
internal sealed record TaskStatus(
    string Id, string ExecId, string Bundle, int Pid, ProcessState State, StdioAddresses Stdio, ExitRecord? Exit);

/// <summary>How a process ended: the same for every waiter, the exit event, State and Delete.</summary>
/// <param name="Pid">0 for an exec that was never started.</param>
/// <param name="Status">Exit code, or 128 + signal.</param>
internal sealed record ExitRecord(int Pid, int Status, DateTimeOffset At)
{
    /// <summary>What Delete and Wait tell of a process that was removed before it ran: as if by SIGKILL.</summary>
    public const int KilledStatus = 137;

    /// <summary>The end could not be learned (containerd's own convention for "unknown").</summary>
    public const int UnknownStatus = 255;
}
