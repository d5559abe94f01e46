using Skiff.Engine;
using Skiff.Guest;
using Skiff.Wasi.Bindings.Clocks;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Bindings.Random;
using Skiff.Wasi.Clocks;
using Skiff.Wasi.Random;

namespace Skiff.Wasi.Preview2;

/// <summary><c>wasi:clocks/monotonic-clock</c>.</summary>
internal sealed class MonotonicClock(GuestClocks clocks) : IMonotonicClock
{
    public ulong Now() => clocks.Monotonic;

    public ulong Resolution() => clocks.MonotonicResolution;

    public IPollable SubscribeInstant(ulong when) => clocks.At(when) ?? throw TooMany();

    public IPollable SubscribeDuration(ulong when) => clocks.After(when) ?? throw TooMany();

    // The interface has no way to refuse.
    private static GuestTrapException TooMany() => new($"the guest waits for as many times at once as it may ({GuestBounds.TimersWord})");
}

/// <summary><c>wasi:clocks/wall-clock</c>.</summary>
internal sealed class WallClock(GuestClocks clocks) : IWallClock
{
    public Datetime Now()
    {
        var (seconds, nanoseconds) = clocks.Wall;
        return new Datetime(seconds, nanoseconds);
    }

    public Datetime Resolution() => new(0, GuestClocks.WallResolution);
}

/// <summary>The three interfaces of <c>wasi:random</c>.</summary>
internal sealed class RandomNumbers(RandomSource source) : IRandom, IInsecure, IInsecureSeed
{
    public ReadOnlyMemory<byte> GetRandomBytes(ulong len)
    {
        if (len > RandomSource.BytesMax)
        {
            throw new GuestTrapException($"a request for {len} random bytes exceeds the {RandomSource.BytesMax} allowed");
        }

        var bytes = new byte[len];
        source.Fill(bytes);
        return bytes;
    }

    public ulong GetRandomU64() => source.Next();

    public ReadOnlyMemory<byte> GetInsecureRandomBytes(ulong len) => GetRandomBytes(len);

    public ulong GetInsecureRandomU64() => source.Next();

    public (ulong, ulong) InsecureSeed() => (source.Next(), source.Next());
}
