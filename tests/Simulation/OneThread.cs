namespace Skiff.Simulation;

/// <summary>
/// Runs everything that is awaited in it on one thread, in the order in which it became ready: the same seed makes the same
/// walk. Nothing in it may go to the thread pool.
/// </summary>
internal sealed class OneThread : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Work, object? State)> _ready = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;

    public static void Run(Func<OneThread, Task> story)
    {
        var before = Current;
        var context = new OneThread();
        SetSynchronizationContext(context);
        try
        {
            var told = story(context);
            context.Settle();
            Assert.True(told.IsCompleted, "the walk waits for something that nothing in it will do");
            told.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        Assert.Equal(_thread, Environment.CurrentManagedThreadId);
        _ready.Enqueue((d, state));
    }

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    /// <summary>Works off what is ready, until only time or the walk itself can bring more.</summary>
    public void Settle()
    {
        while (_ready.TryDequeue(out var next))
        {
            next.Work(next.State);
        }
    }

    /// <summary>Works off up to <paramref name="count"/> pieces: the walk goes on in the middle of things.</summary>
    public void Settle(int count)
    {
        for (; count > 0 && _ready.TryDequeue(out var next); count--)
        {
            next.Work(next.State);
        }
    }
}
