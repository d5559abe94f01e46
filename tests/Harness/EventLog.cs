using Grpc.Core;
using Skiff.Harness.Wire;

namespace Skiff.Harness;

/// <summary>An event about a container or its task as a subscriber of containerd sees it.</summary>
internal sealed record TaskEvent(string Topic, string Container, string ExecId, uint ExitStatus)
{
    /// <summary>When it happened, by the clock of who says so: containerd, or the shim.</summary>
    public DateTimeOffset At { get; init; }
}

/// <summary>Listens to containerd's events of the node's namespace from its start to its disposal.</summary>
internal sealed class EventLog : IAsyncDisposable
{
    private readonly List<TaskEvent> _events = [];
    private readonly AsyncServerStreamingCall<Envelope> _call;
    private readonly string _namespace;
    private readonly Task _reading;

    private EventLog(Containerd node)
    {
        _namespace = node.Namespace;
        _call = node.Client.Events.Subscribe(new SubscribeRequest(), node.Client.Headers);
        _reading = Task.Run(ReadAsync);
    }

    public static async Task<EventLog> StartAsync(Containerd node)
    {
        var log = new EventLog(node);
        // A subscription is in force once an event arrives by it: containers are made until one shows.
        var id = Names.Next("probe");
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await node.Ctr.RunAsync("container", "create", "--runtime", Ctr.Runc, Images.Guests, id, "/bin/native-hello");
                await node.Ctr.RunAsync("container", "delete", id);
                return log.Topics(id).Length > 0;
            },
            "containerd sends events");
        return log;
    }

    public TaskEvent[] Of(string container)
    {
        lock (_events)
        {
            return [.. _events.Where(entry => entry.Container == container)];
        }
    }

    public string[] Topics(string container) => [.. Of(container).Select(entry => entry.Topic)];

    public Task HoldsAsync(string container, string topic) => Eventually.BecomesTrueAsync(
        () => Topics(container).Contains(topic), $"event {topic} of {container}; so far: {string.Join(' ', Topics(container))}");

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        try
        {
            await _reading;
        }
        catch (RpcException)
        {
            // The stream ends by being cancelled.
        }
    }

    private async Task ReadAsync()
    {
        await foreach (var envelope in _call.ResponseStream.ReadAllAsync())
        {
            if (envelope.Namespace == _namespace)
            {
                lock (_events)
                {
                    _events.Add(Read(envelope) with { At = envelope.Timestamp.ToDateTimeOffset() });
                }
            }
        }
    }

    private static TaskEvent Read(Envelope envelope)
    {
        var bytes = envelope.Event.Value;
        switch (envelope.Topic)
        {
            case "/tasks/exit":
                var exit = TaskExitEvent.Parser.ParseFrom(bytes);
                return new TaskEvent(envelope.Topic, exit.ContainerId, exit.Id == exit.ContainerId ? "" : exit.Id, exit.ExitStatus);
            case "/tasks/delete":
                var delete = TaskDeleteEvent.Parser.ParseFrom(bytes);
                return new TaskEvent(envelope.Topic, delete.ContainerId, delete.Id == delete.ContainerId ? "" : delete.Id, delete.ExitStatus);
            case "/tasks/exec-added" or "/tasks/exec-started":
                var exec = TaskExecEvent.Parser.ParseFrom(bytes);
                return new TaskEvent(envelope.Topic, exec.ContainerId, exec.ExecId, 0);
            default:
                // In every other event of a task, container or snapshot the first field is the container's id or, by ctr, the same as a key.
                return new TaskEvent(envelope.Topic, DeleteTaskRequest.Parser.ParseFrom(bytes).ContainerId, "", 0);
        }
    }
}
