using Skiff.Shim.Events;
using Skiff.Shim.Protos;
using Skiff.Shim.Tests.Doubles;
using Skiff.Testing;
using Skiff.Ttrpc;

namespace Skiff.Shim.Tests.Events;

public sealed class EventQueueTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly FakeForwarder _containerd = new();
    private readonly List<string> _log = [];
    private readonly EventQueue _queue;

    public EventQueueTests() => _queue = new EventQueue("k8s.io", _containerd, _time, new ShimLog(_time, _log.Add));

    [Fact]
    public async Task Events_arrive_in_order()
    {
        for (var pid = 1; pid <= 100; pid++)
        {
            _queue.Publish(new TaskStarted("c", pid));
        }

        Assert.True(await _queue.FlushAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(Enumerable.Range(1, 100), _containerd.Pids());
    }

    /// <summary>A server leaves at the moment at which containerd takes its last event.</summary>
    [Fact]
    public async Task The_end_comes_whenever_it_is_wanted()
    {
        const int Rounds = 20_000;
        for (var round = 0; round < Rounds; round++)
        {
            var queue = new EventQueue("k8s.io", new YieldingForwarder(), TimeProvider.System, new ShimLog(_time, _log.Add));
            queue.Publish(new TaskStarted("c", 1));
            await queue.FlushAsync(TimeSpan.FromSeconds(10));
            await queue.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Events_wait_while_containerd_is_away_and_keep_their_order()
    {
        _containerd.Failure = new TtrpcConnectionException("nobody listens");
        for (var pid = 1; pid <= 10; pid++)
        {
            _queue.Publish(new TaskStarted("c", pid));
        }

        await AwayForAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(10, _queue.Length);
        _containerd.Failure = null;
        await AwayForAsync(TimeSpan.FromSeconds(2));

        await TestTasks.BecomesTrueAsync(() => _queue.Length == 0);
        Assert.Equal(Enumerable.Range(1, 10), _containerd.Pids());
    }

    [Fact]
    public async Task An_event_that_containerd_refuses_does_not_stop_the_next()
    {
        _containerd.Refuse = request => Event(request) == 1;
        _queue.Publish(new TaskStarted("c", 1));
        _queue.Publish(new TaskStarted("c", 2));
        await AwayForAsync(TimeSpan.FromSeconds(30));

        await TestTasks.BecomesTrueAsync(() => _queue.Length == 0);
        Assert.Equal([2], _containerd.Pids());
        Assert.Contains(_log, line => line.Contains("it is dropped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_queue_is_bounded_and_drops_the_oldest()
    {
        _containerd.Failure = new TtrpcConnectionException("nobody listens");
        for (var pid = 1; pid <= EventQueue.LengthMax + 100; pid++)
        {
            _queue.Publish(new TaskStarted("c", pid));
        }

        Assert.InRange(_queue.Length, EventQueue.LengthMax, EventQueue.LengthMax + 1);
        Assert.Single(_log, line => line.Contains("the oldest are dropped", StringComparison.Ordinal));
        _containerd.Failure = null;
        await TestTasks.BecomesTrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            return _queue.Length == 0;
        });
        Assert.Equal(EventQueue.LengthMax + 100, _containerd.Pids()[^1]);
    }

    [Fact]
    public async Task A_flush_gives_up_in_time()
    {
        _containerd.Failure = new TtrpcConnectionException("nobody listens");
        _queue.Publish(new TaskStarted("c", 1));
        var flush = _queue.FlushAsync(TimeSpan.FromSeconds(5));
        await AwayForAsync(TimeSpan.FromSeconds(10));

        Assert.False(await flush);
    }

    [Fact]
    public void An_exit_looks_as_containerd_reads_it()
    {
        var at = new DateTimeOffset(2026, 11, 23, 12, 0, 0, 500, TimeSpan.Zero);
        var request = ForwardRequest.Parser.ParseFrom(EventMessages.Encode("ns", at, new ProcessExited("c", "e", 42, 137, at)));

        Assert.Equal("/tasks/exit", request.Envelope.Topic);
        Assert.Equal("ns", request.Envelope.Namespace);
        Assert.Equal("containerd.events.TaskExit", request.Envelope.Event.TypeUrl);
        Assert.Equal(500_000_000, request.Envelope.Timestamp.Nanos);

        // container_id 1 "c", id 2 "e", pid 3 42, exit_status 4 137, exited_at 5 {seconds 1, nanos 2}
        Assert.StartsWith("0A0163120165182A2089012A", Convert.ToHexString(request.Envelope.Event.Value.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_event_has_its_topic()
    {
        var at = _time.GetUtcNow();
        TaskEvent[] all =
        [
            new TaskCreated("c", "/b", [new Linux.MountPoint("overlay", "overlay", "", ["lowerdir=/a"])], new("", "/o", "/e", false), 1),
            new TaskStarted("c", 1), new ExecAdded("c", "e"), new ExecStarted("c", "e", 2), new ProcessExited("c", "c", 1, 0, at),
            new TaskDeleted("c", 1, 0, at), new TaskOutOfMemory("c"), new Shim.Events.TaskPaused("c"), new Shim.Events.TaskResumed("c"),
        ];

        var topics = all.Select(happened => ForwardRequest.Parser.ParseFrom(EventMessages.Encode("ns", at, happened)).Envelope.Topic);

        Assert.Equal(
            "/tasks/create /tasks/start /tasks/exec-added /tasks/exec-started /tasks/exit /tasks/delete /tasks/oom /tasks/paused /tasks/resumed",
            string.Join(' ', topics));
    }

    public ValueTask DisposeAsync() => _queue.DisposeAsync();

    /// <summary>Lets the time pass in small steps, with the sender at work in between.</summary>
    private async Task AwayForAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromSeconds(1))
        {
            await Task.Delay(2);
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private static uint Event(ReadOnlyMemory<byte> request) =>
        TaskStart.Parser.ParseFrom(ForwardRequest.Parser.ParseFrom(request.Span).Envelope.Event.Value).Pid;

    private sealed class YieldingForwarder : IEventForwarder
    {
        public async Task ForwardAsync(ReadOnlyMemory<byte> forwardRequest, CancellationToken cancellation) => await Task.Yield();
    }

    private sealed class FakeForwarder : IEventForwarder
    {
        private readonly List<int> _pids = [];

        public Exception? Failure { get; set; }

        public Func<ReadOnlyMemory<byte>, bool> Refuse { get; set; } = _ => false;

        public int[] Pids()
        {
            lock (_pids)
            {
                return [.. _pids];
            }
        }

        public async Task ForwardAsync(ReadOnlyMemory<byte> forwardRequest, CancellationToken cancellation)
        {
            await Task.Yield();
            if (Failure is { } failure)
            {
                throw failure;
            }

            if (Refuse(forwardRequest))
            {
                throw new TtrpcException(TtrpcStatus.InvalidArgument, "refused");
            }

            lock (_pids)
            {
                _pids.Add((int)Event(forwardRequest));
            }
        }
    }
}
