using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// The processor time of one guest, for all stores that hold it: measured, limited as <c>cpu.max</c> of a control group limits it, and
/// refused altogether while it is paused. Of a limit at most <c>processors × period</c> are saved up; what was used too much is paid
/// back later, so that the average holds. Counted is the CPU time of the threads while they run the guest, host functions included.
/// </summary>
/// <param name="processors">0.25 is a quarter of one; more than 1 makes sense for several stores. Null: measured only.</param>
/// <param name="period">How much of the past counts; 100 ms is what control groups take.</param>
/// <param name="shares">Those of the process, with other guests; null: it has none.</param>
public sealed class CpuQuota(double? processors, TimeSpan period, TimeProvider? time = null, CpuShares? shares = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly TimeSpan _period = period > TimeSpan.Zero
        ? period
        : throw new ArgumentOutOfRangeException(nameof(period), "a CPU quota's period is greater than zero");

    private double? _processors = Checked(processors);
    private double _left = (processors ?? 0) * period.TotalNanoseconds;
    private long _refilled = (time ?? TimeProvider.System).GetTimestamp();
    private long _used;
    private long _throttled;
    private long _throttles;
    private long _weight = CpuShares.WeightDefault;
    private double _usedForWeight;
    private int _turns;
    private TaskCompletionSource? _resumed;
    private TaskCompletionSource? _stopped;

    /// <summary>The limit, which may change at any time.</summary>
    public double? Processors
    {
        get
        {
            lock (_lock)
            {
                return _processors;
            }
        }

        set
        {
            lock (_lock)
            {
                _processors = Checked(value);
                // Neither what was saved nor what is owed at another rate counts.
                (_left, _refilled) = (0, _time.GetTimestamp());
            }
        }
    }

    /// <summary>How much of the processors the guest gets where others want them too, against <see cref="CpuShares.WeightDefault"/> of most.</summary>
    public long Weight
    {
        get => Volatile.Read(ref _weight);
        set => Volatile.Write(ref _weight, value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), "a weight is greater than zero"));
    }

    /// <summary>What was used, up to each store's last tick or wait.</summary>
    public TimeSpan Used => Nanoseconds(Volatile.Read(ref _used));

    /// <summary>How long the limit has held stores back, all together.</summary>
    public TimeSpan Throttled => Nanoseconds(Volatile.Read(ref _throttled));

    /// <summary>How often.</summary>
    public long Throttles => Volatile.Read(ref _throttles);

    internal TimeProvider Time => _time;

    /// <summary>
    /// Lets no store go on until <see cref="Resume"/>. Completes when none runs any more; one that is asleep goes on sleeping, also when
    /// what it waits for is there.
    /// </summary>
    public Task PauseAsync()
    {
        lock (_lock)
        {
            _resumed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_turns == 0)
            {
                return Task.CompletedTask;
            }

            return (_stopped ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    public void Resume()
    {
        TaskCompletionSource? resumed;
        lock (_lock)
        {
            resumed = _resumed;
            _resumed = null;
            // Who asked is answered all the same: at that moment it was to stop.
            _stopped?.TrySetResult();
            _stopped = null;
        }

        resumed?.SetResult();
    }

    /// <summary>A store's turn begins, unless it has to wait.</summary>
    /// <param name="keeps">Its last turn <see cref="End"/>ed so: its place is kept, or given up here.</param>
    /// <param name="missed">How often others were let run before it since its last turn.</param>
    internal bool TryBegin(bool keeps, int missed, out CpuWait wait)
    {
        lock (_lock)
        {
            wait = Wait();
            if (wait.IsNeeded)
            {
                Release(keeps);
                return false;
            }

            TaskCompletionSource? turn = null;
            if (shares is not null && !(keeps ? shares.TryStay(ref _usedForWeight, out turn) : shares.TryEnter(ref _usedForWeight, missed, out turn)))
            {
                wait = new CpuWait(CpuShares.TurnTime, null, turn);
                return false;
            }

            _turns++;
            return true;
        }
    }

    /// <summary>Of a store that has ended, or will wait: gives up the place that it keeps.</summary>
    internal void Release(bool keeps)
    {
        if (keeps)
        {
            shares?.Leave();
        }
    }

    /// <summary>A turn begins whatever the limit says: what it uses is paid back.</summary>
    internal void Begin()
    {
        shares?.Enter();
        lock (_lock)
        {
            _turns++;
        }
    }

    /// <param name="keeps">Only to let others go first: it keeps its place until it asks again, or is <see cref="Release"/>d.</param>
    internal void End(long used, bool keeps = false)
    {
        Release(!keeps);
        lock (_lock)
        {
            Take(used);
            if (--_turns == 0)
            {
                _stopped?.TrySetResult();
                _stopped = null;
            }
        }
    }

    /// <summary>Takes what a turn used up to now, and tells what it would have to wait for.</summary>
    internal CpuWait Charge(long used)
    {
        lock (_lock)
        {
            Take(used);
            return Wait();
        }
    }

    internal void Throttle(TimeSpan waited)
    {
        Interlocked.Add(ref _throttled, waited.Ticks * TimeSpan.NanosecondsPerTick);
        Interlocked.Increment(ref _throttles);
    }

    private static double? Checked(double? processors) => processors is null or > 0
        ? processors
        : throw new ArgumentOutOfRangeException(nameof(processors), "a CPU quota is greater than zero");

    private static TimeSpan Nanoseconds(long count) => TimeSpan.FromTicks(count / TimeSpan.NanosecondsPerTick);

    private void Take(long used)
    {
        Refill();
        _used += used;
        _usedForWeight += (double)used * CpuShares.WeightDefault / Weight;
        _left = _processors is null ? 0 : _left - used;
    }

    private void Refill()
    {
        if (_processors is not { } processors)
        {
            return;
        }

        var now = _time.GetTimestamp();
        _left = Math.Min(processors * _period.TotalNanoseconds, _left + (processors * _time.GetElapsedTime(_refilled, now).TotalNanoseconds));
        _refilled = now;
    }

    private CpuWait Wait()
    {
        if (_resumed is { } resumed)
        {
            return new CpuWait(TimeSpan.Zero, resumed.Task);
        }

        Refill();
        return _left >= 0 || _processors is not { } processors
            ? default
            : new CpuWait(TimeSpan.FromMicroseconds(Math.Ceiling(-_left / processors / 1000)), null);
    }
}

/// <summary>Why a store may not run: until a time, until it is resumed, or until it is its turn among the guests of the process.</summary>
internal readonly record struct CpuWait(TimeSpan Time, Task? Resumed, TaskCompletionSource? Turn = null)
{
    public bool IsNeeded => Resumed is not null || Time > TimeSpan.Zero;
}

/// <summary>
/// Measures one store's guest, and holds it to a <see cref="CpuQuota"/> where there is one. Used by the thread that runs the store.
/// </summary>
internal sealed class CpuMeter(CpuQuota? quota)
{
    private long _since;
    private long _used;
    private int _missed;
    private bool _ticked;
    private bool _keeps;
    private CpuWait _wait;

    /// <summary>CPU time used so far, as of the last charge.</summary>
    public TimeSpan Used => TimeSpan.FromTicks(_used / TimeSpan.NanosecondsPerTick);

    public CpuQuota? Quota => quota;

    /// <summary>The guest may run: <see cref="Start"/> and <see cref="End"/> follow. False: <see cref="WaitAsync"/> first.</summary>
    public bool TryBegin()
    {
        if (quota is null)
        {
            return true;
        }

        var begun = quota.TryBegin(_keeps, _missed, out _wait);
        _keeps = false;
        _missed = begun ? 0 : _wait.Turn is null ? _missed : _missed + 1;
        return begun;
    }

    /// <summary>Waits as the last <see cref="TryBegin"/> said, or until the store is stopped.</summary>
    public async Task WaitAsync(CancellationToken stopped)
    {
        if (_wait.Resumed is { } resumed)
        {
            await resumed.WaitAsync(stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        else if (_wait.Turn is { } turn && quota is not null)
        {
            await turn.Task.WaitAsync(_wait.Time, quota.Time, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            turn.TrySetResult();
        }
        else if (quota is not null)
        {
            var begun = quota.Time.GetTimestamp();
            await Task.Delay(_wait.Time, quota.Time, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            quota.Throttle(quota.Time.GetElapsedTime(begun));
        }
    }

    /// <summary>The guest begins to run on this thread, whatever it has used.</summary>
    public void Begin()
    {
        quota?.Begin();
        Start();
    }

    /// <summary>The turn that <see cref="TryBegin"/> gave begins on this thread.</summary>
    public void Start() => _since = ThreadApi.CpuNanoseconds();

    /// <summary>The turn is over.</summary>
    public void End()
    {
        var used = Measure();
        quota?.End(used, _ticked);
        (_keeps, _ticked) = (_ticked, false);
    }

    /// <summary>There will be no further turn.</summary>
    public void Release()
    {
        quota?.Release(_keeps);
        _keeps = false;
    }

    /// <summary>Takes what the guest used on this thread since the last time.</summary>
    public void Charge()
    {
        var used = Measure();
        _wait = quota?.Charge(used) ?? default;
        _ticked = !_wait.IsNeeded;
    }

    /// <summary>CPU time used up to now, in nanoseconds. While the guest runs, on its thread.</summary>
    public long Now() => _used + (ThreadApi.CpuNanoseconds() - _since);

    /// <summary>Holds the thread until the guest may go on or is stopped.</summary>
    public void BlockUntilRefilled(WasmStore store)
    {
        _ticked = false;
        if (!_wait.IsNeeded)
        {
            return;
        }

        // Not running meanwhile, for whoever waits until it is paused.
        quota?.End(0);
        bool begun;
        do
        {
            WaitAsync(store.Stopped).GetAwaiter().GetResult();
        }
        while (!(begun = TryBegin()) && store.StopReason is null);
        if (begun)
        {
            Start();
        }
        else
        {
            Begin();
        }
    }

    private long Measure()
    {
        var now = ThreadApi.CpuNanoseconds();
        var used = now - _since;
        _since = now;
        _used += used;
        return used;
    }
}
