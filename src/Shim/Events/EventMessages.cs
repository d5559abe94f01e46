using Google.Protobuf;
using Skiff.Shim.Protos;
using Skiff.Shim.Stdio;

namespace Skiff.Shim.Events;

/// <summary>Task events on the wire: topics and messages of docs/containerd.md 7.</summary>
internal static class EventMessages
{
    /// <summary>A whole ForwardRequest.</summary>
    public static byte[] Encode(string @namespace, DateTimeOffset at, TaskEvent happened)
    {
        var (topic, type, message) = Parts(happened);
        var request = new ForwardRequest
        {
            Envelope = new Envelope
            {
                Timestamp = WireTime.Of(at),
                Namespace = @namespace,
                Topic = topic,
                Event = Wire.Any($"containerd.events.{type}", message),
            },
        };
        return request.ToByteArray();
    }

    private static (string Topic, string Type, IMessage Message) Parts(TaskEvent happened) => happened switch
    {
        TaskCreated created => ("/tasks/create", "TaskCreate", Of(created)),
        TaskStarted started => ("/tasks/start", "TaskStart", new TaskStart { ContainerId = started.ContainerId, Pid = (uint)started.Pid }),
        ExecAdded added => ("/tasks/exec-added", "TaskExecAdded", new TaskExecAdded { ContainerId = added.ContainerId, ExecId = added.ExecId }),
        ExecStarted started => ("/tasks/exec-started", "TaskExecStarted",
            new TaskExecStarted { ContainerId = started.ContainerId, ExecId = started.ExecId, Pid = (uint)started.Pid }),
        ProcessExited exited => ("/tasks/exit", "TaskExit", Of(exited)),
        TaskDeleted deleted => ("/tasks/delete", "TaskDelete", Of(deleted)),
        TaskOutOfMemory oom => ("/tasks/oom", "TaskOOM", new TaskOOM { ContainerId = oom.ContainerId }),
        Events.TaskPaused paused => ("/tasks/paused", "TaskPaused", new Protos.TaskPaused { ContainerId = paused.ContainerId }),
        Events.TaskResumed resumed => ("/tasks/resumed", "TaskResumed", new Protos.TaskResumed { ContainerId = resumed.ContainerId }),
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "an event without a message"),
    };

    private static TaskCreate Of(TaskCreated created)
    {
        var message = new TaskCreate
        {
            ContainerId = created.ContainerId,
            Bundle = created.Bundle,
            Io = Of(created.Stdio),
            Pid = (uint)created.Pid,
        };
        foreach (var mount in created.Rootfs)
        {
            var wire = new Mount { Type = mount.Type, Source = mount.Source, Target = mount.Target };
            wire.Options.AddRange(mount.Options);
            message.Rootfs.Add(wire);
        }

        return message;
    }

    private static TaskIO Of(StdioAddresses stdio) =>
        new() { Stdin = stdio.Input, Stdout = stdio.Output, Stderr = stdio.Error, Terminal = stdio.Terminal };

    private static TaskExit Of(ProcessExited exited) => new()
    {
        ContainerId = exited.ContainerId,
        Id = exited.ProcessId,
        Pid = (uint)exited.Pid,
        ExitStatus = (uint)exited.Status,
        ExitedAt = WireTime.Of(exited.At),
    };

    private static TaskDelete Of(TaskDeleted deleted) => new()
    {
        ContainerId = deleted.ContainerId,
        Pid = (uint)deleted.Pid,
        ExitStatus = (uint)deleted.Status,
        ExitedAt = WireTime.Of(deleted.At),
    };
}
