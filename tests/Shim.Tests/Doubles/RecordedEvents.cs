using Skiff.Shim.Events;

namespace Skiff.Shim.Tests.Doubles;

/// <summary>Remembers what was told, in order.</summary>
internal sealed class RecordedEvents : IEventSink
{
    private readonly List<TaskEvent> _events = [];

    public TaskEvent[] All
    {
        get
        {
            lock (_events)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>The kinds only: <c>TaskCreated TaskStarted …</c>.</summary>
    public string Story => string.Join(' ', All.Select(happened => happened is ProcessExited exited && exited.ProcessId != exited.ContainerId
        ? "ExecExited"
        : happened.GetType().Name));

    public void Publish(TaskEvent happened)
    {
        lock (_events)
        {
            _events.Add(happened);
        }
    }
}
