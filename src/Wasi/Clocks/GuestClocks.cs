using Skiff.Wasi.Quotas;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Clocks;

/// <summary>Time as a guest sees it. Monotonic time begins with the guest, so that it tells nothing of the host.</summary>
/// <param name="timers">Of which each time that is waited for takes one; asked for when the first is.</param>
public sealed class GuestClocks(TimeProvider time, Func<QuotaShare> timers)
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Nanoseconds between two readings of the wall clock that can differ.</summary>
    public const uint WallResolution = 100;

    private readonly long _start = time.GetTimestamp();

    /// <summary>Nanoseconds since the guest began. Never 0: some libraries take that for "unset".</summary>
    public ulong Monotonic
    {
        get
        {
            var elapsed = (UInt128)(ulong)Math.Max(time.GetTimestamp() - _start, 0);
            return (ulong)(elapsed * NanosecondsPerSecond / (ulong)time.TimestampFrequency) + 1;
        }
    }

    public ulong MonotonicResolution => Math.Max(NanosecondsPerSecond / (ulong)time.TimestampFrequency, 1);

    /// <summary>Since 1970-01-01T00:00:00Z.</summary>
    public (ulong Seconds, uint Nanoseconds) Wall
    {
        get
        {
            var ticks = (ulong)Math.Max((time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks, 0);
            return (ticks / TimeSpan.TicksPerSecond, (uint)(ticks % TimeSpan.TicksPerSecond) * WallResolution);
        }
    }

    /// <summary>Nanoseconds since 1970, as Preview 1 has it.</summary>
    public ulong WallNanoseconds
    {
        get
        {
            var (seconds, nanoseconds) = Wall;
            return (seconds * NanosecondsPerSecond) + nanoseconds;
        }
    }

    /// <summary>Ready once <see cref="Monotonic"/> has reached <paramref name="instant"/>.</summary>
    /// <returns>Null: the guest waits for as many times as it may.</returns>
    public Pollable? At(ulong instant) => NewTimer(() => Monotonic, instant);

    /// <summary>Ready when so many nanoseconds have passed; a time beyond all measure is never. Null as <see cref="At"/>.</summary>
    public Pollable? After(ulong duration)
    {
        var now = Monotonic;
        return At(duration > ulong.MaxValue - now ? ulong.MaxValue : now + duration);
    }

    /// <summary>Ready once the wall clock has reached so many nanoseconds since 1970. Null as <see cref="At"/>.</summary>
    public Pollable? AtWall(ulong instant) => NewTimer(() => WallNanoseconds, instant);

    private Timer? NewTimer(Func<ulong> now, ulong instant) => timers().TryTake() ? new Timer(this, now, instant) : null;

    private sealed class Timer(GuestClocks clocks, Func<ulong> now, ulong instant) : Pollable
    {
        private const ulong NanosecondsPerMillisecond = 1_000_000;

        /// <summary>A day; then it looks again. A timer takes no longer times than 49 days.</summary>
        private const ulong WaitMillisecondsMax = 86_400_000;

        private int _dropped;

        public override bool IsReady => now() >= instant;

        public override async ValueTask WaitAsync(CancellationToken cancellation)
        {
            while (now() is var current && current < instant)
            {
                // Rounded up: a timer counts whole milliseconds, and early is wrong.
                var milliseconds = Math.Min(((instant - current - 1) / NanosecondsPerMillisecond) + 1, WaitMillisecondsMax);
                await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), clocks.Provider, cancellation);
            }
        }

        // Once: of what has been given back, nothing is left.
        protected override void Dispose(bool disposing)
        {
            if (Interlocked.Exchange(ref _dropped, 1) == 0)
            {
                clocks.Dropped();
            }

            base.Dispose(disposing);
        }
    }

    private TimeProvider Provider => time;

    private void Dropped() => timers().Give();
}
