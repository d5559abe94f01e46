using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// The clock of an engine's guests: one thread, started when somebody first needs it, asleep again when nobody ran for a while, so
/// that neither a command without limits nor an idle server pays for it.
/// </summary>
internal sealed class EpochTicker(WasmEngine engine) : IDisposable
{
    /// <summary>One tick.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);

    // Ticks without a guest after which the thread sleeps until the next one: short pauses must not cost a wake-up each.
    private const int IdleTicksMax = 50;

    // After a kick: the guest may have looked just before it and set its deadline just after it.
    private const int TicksAfterKick = 3;

    private readonly Lock _lock = new();
    private readonly AutoResetEvent _wake = new(false);
    private Thread? _thread;
    private int _running;
    private volatile int _kicked;
    private volatile bool _asleep;
    private volatile bool _ended;

    public bool IsRunning => _thread is not null;

    /// <summary>A guest begins to run and wants ticks until <see cref="Leave"/>.</summary>
    public void Enter()
    {
        Interlocked.Increment(ref _running);
        if (_thread is null)
        {
            Start();
        }
        else if (_asleep)
        {
            _wake.Set();
        }
    }

    public void Leave() => Interlocked.Decrement(ref _running);

    public void Start()
    {
        lock (_lock)
        {
            if (_thread is null && !_ended)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "skiff epochs" };
                _thread.Start();
            }
        }
    }

    /// <summary>Ticks now and for a few periods more.</summary>
    public void Kick()
    {
        if (_ended)
        {
            return;
        }

        engine.Tick();
        _kicked = TicksAfterKick;
        Start();
        _wake.Set();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _ended = true;
        }

        _wake.Set();
        _thread?.Join();
        _wake.Dispose();
    }

    private void Run()
    {
        // Where guests take every processor, the clock must still tick. Without the right to (CAP_SYS_NICE) it ticks as others run.
        ThreadApi.RaisePriority();
        var idle = 0;
        while (!_ended)
        {
            idle = Volatile.Read(ref _running) > 0 || _kicked > 0 ? 0 : idle + 1;
            if (idle > IdleTicksMax)
            {
                _asleep = true;
                // A guest that came meanwhile either saw the flag or is seen here.
                Interlocked.MemoryBarrier();
                if (Volatile.Read(ref _running) == 0 && !_ended)
                {
                    _wake.WaitOne();
                }

                _asleep = false;
                idle = 0;
            }

            _wake.WaitOne(Period);
            if (_ended)
            {
                return;
            }

            _kicked = Math.Max(0, _kicked - 1);
            engine.Tick();
        }
    }
}
