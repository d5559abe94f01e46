using Skiff.Components.Host;
using Skiff.Http.Bindings.Http;

namespace Skiff.Http.Messages;

/// <summary>wasi:http/types.request-options: times in nanoseconds; none stands for the host's own.</summary>
internal sealed class RequestOptions : IRequestOptions
{
    private ulong? _connect;
    private ulong? _firstByte;
    private ulong? _betweenBytes;

    public TimeSpan Connect => Time(_connect);

    public TimeSpan FirstByte => Time(_firstByte);

    public TimeSpan BetweenBytes => Time(_betweenBytes);

    public ulong? ConnectTimeout() => _connect;

    public Result<Unit, Unit> SetConnectTimeout(ulong? duration) => Set(ref _connect, duration);

    public ulong? FirstByteTimeout() => _firstByte;

    public Result<Unit, Unit> SetFirstByteTimeout(ulong? duration) => Set(ref _firstByte, duration);

    public ulong? BetweenBytesTimeout() => _betweenBytes;

    public Result<Unit, Unit> SetBetweenBytesTimeout(ulong? duration) => Set(ref _betweenBytes, duration);

    private static Result<Unit, Unit> Set(ref ulong? field, ulong? duration)
    {
        field = duration;
        return Result<Unit, Unit>.Ok(default);
    }

    private static TimeSpan Time(ulong? nanoseconds)
    {
        const ulong NanosecondsPerTick = 100;
        if (nanoseconds is not { } given)
        {
            return OutgoingTimes.Default;
        }

        // At least one tick: a time of zero would be none at all.
        var ticks = Math.Max(1, given / NanosecondsPerTick);
        return ticks > (ulong)OutgoingTimes.Longest.Ticks ? OutgoingTimes.Longest : TimeSpan.FromTicks((long)ticks);
    }
}

/// <summary>Bounds of a guest's outgoing requests.</summary>
internal static class OutgoingTimes
{
    /// <summary>For each of the three where the guest gives none.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromMinutes(10);

    /// <summary>What a timer can hold.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(24);
}
