using Skiff.Linux;
using Skiff.Shim.Stdio;

namespace Skiff.Shim.Events;

/// <summary>What happened to a task, as containerd's subscribers learn it (api/events/task.proto).</summary>
internal abstract record TaskEvent(string ContainerId);

internal sealed record TaskCreated(
    string ContainerId, string Bundle, IReadOnlyList<MountPoint> Rootfs, StdioAddresses Stdio, int Pid) : TaskEvent(ContainerId);

internal sealed record TaskStarted(string ContainerId, int Pid) : TaskEvent(ContainerId);

internal sealed record ExecAdded(string ContainerId, string ExecId) : TaskEvent(ContainerId);

internal sealed record ExecStarted(string ContainerId, string ExecId, int Pid) : TaskEvent(ContainerId);

/// <param name="ProcessId">The exec's id; the container's for its init.</param>
internal sealed record ProcessExited(string ContainerId, string ProcessId, int Pid, int Status, DateTimeOffset At) : TaskEvent(ContainerId);

internal sealed record TaskDeleted(string ContainerId, int Pid, int Status, DateTimeOffset At) : TaskEvent(ContainerId);

internal sealed record TaskOutOfMemory(string ContainerId) : TaskEvent(ContainerId);

internal sealed record TaskPaused(string ContainerId) : TaskEvent(ContainerId);

internal sealed record TaskResumed(string ContainerId) : TaskEvent(ContainerId);

/// <summary>Takes events in order. Never waits and never throws: a lost containerd must not hold up a guest.</summary>
internal interface IEventSink
{
    void Publish(TaskEvent happened);
}
