using Google.Protobuf.WellKnownTypes;

namespace Skiff.Shim;

/// <summary>google.protobuf.Timestamp. By hand: the library's own conversion goes by DateTime and checks more than we need.</summary>
internal static class WireTime
{
    private const int NanosecondsPerTick = 100;

    public static Timestamp Of(DateTimeOffset at)
    {
        var ticks = at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        var seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out var rest);
        return new Timestamp { Seconds = seconds, Nanos = (int)rest * NanosecondsPerTick };
    }
}
