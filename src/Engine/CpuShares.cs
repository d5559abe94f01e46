namespace Skiff.Engine;

/// <summary>
/// Who runs when more guests of a process want to than it has processors: whoever has used least for its weight, as <c>cpu.shares</c> of a
/// control group does it. A guest that slept has saved nothing up. While there are processors enough, nobody waits.
/// </summary>
/// <param name="processors">How many guests may run at once.</param>
public sealed class CpuShares(int processors)
{
    /// <summary>The weight of a guest of which nothing is said (cgroup-v1, <c>cpu.shares</c>).</summary>
    public const long WeightDefault = 1024;

    /// <summary>
    /// How long a guest waits for its turn before it asks again, and how often before it runs whatever the others do: one that hangs in a
    /// call of the kernel must not hold up all.
    /// </summary>
    internal static readonly TimeSpan TurnTime = TimeSpan.FromMilliseconds(20);

    internal const int TurnsMissedMost = 10;

    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, double> _waiting = new();
    private double _latest;
    private int _running;

    /// <summary>Lets a guest in, or tells what it may wait for.</summary>
    /// <param name="used">CPU time used, in nanoseconds at <see cref="WeightDefault"/>; raised to what others have used meanwhile.</param>
    /// <param name="missed">How often it was not let in since it last ran.</param>
    /// <param name="turn">Completes when somebody has left. Complete it when it is no longer waited for.</param>
    internal bool TryEnter(ref double used, int missed, out TaskCompletionSource? turn)
    {
        lock (_lock)
        {
            used = Math.Max(used, _latest);
            if (missed >= TurnsMissedMost || (_running < processors && !(_waiting.TryPeek(out _, out var least) && least < used)))
            {
                _running++;
                _latest = missed >= TurnsMissedMost ? _latest : used;
                turn = null;
                return true;
            }

            turn = Queue(used);
            return false;
        }
    }

    /// <summary>Of a guest that is in and has had a tick: whether it may have another one. False: it has left, and may wait.</summary>
    internal bool TryStay(ref double used, out TaskCompletionSource? turn)
    {
        lock (_lock)
        {
            if (_running <= processors && !(_waiting.TryPeek(out _, out var least) && least < used))
            {
                _latest = Math.Max(_latest, used);
                turn = null;
                return true;
            }

            _running--;
            turn = Queue(used);
            return false;
        }
    }

    /// <summary>Lets a guest in, whoever waits.</summary>
    internal void Enter()
    {
        lock (_lock)
        {
            _running++;
        }
    }

    internal void Leave()
    {
        lock (_lock)
        {
            _running--;
            Call();
        }
    }

    private TaskCompletionSource Queue(double used)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue(turn, used);
        Call();
        return turn;
    }

    // Who is called asks again. Those who no longer wait are passed over.
    private void Call()
    {
        while (_running < processors && _waiting.TryDequeue(out var next, out _))
        {
            if (next.TrySetResult())
            {
                return;
            }
        }
    }
}
