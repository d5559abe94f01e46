using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;

namespace Skiff.Http.Health;

/// <summary>W3C Trace Context, version 00: which trace a request belongs to and which span asked for it.</summary>
/// <param name="TraceHigh">First half of the trace id, big endian.</param>
/// <param name="Parent">The span that this context names; 0 for none.</param>
/// <param name="Sampled">Flag 01: whoever began the trace records it.</param>
internal readonly record struct TraceContext(ulong TraceHigh, ulong TraceLow, ulong Parent, bool Sampled)
{
    public const string Header = "traceparent";

    private const int Length = 55;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    public string TraceIdText => string.Create(CultureInfo.InvariantCulture, $"{TraceHigh:x16}{TraceLow:x16}");

    /// <summary>The header's value with another span as the parent.</summary>
    public string With(ulong span) => string.Create(CultureInfo.InvariantCulture, $"00-{TraceHigh:x16}{TraceLow:x16}-{span:x16}-{(Sampled ? "01" : "00")}");

    /// <summary>A trace that begins here. Ids need not be unguessable, only distinct.</summary>
    public static TraceContext New()
    {
        Span<byte> random = stackalloc byte[16];
        do
        {
            Random.Shared.NextBytes(random);
        }
        while (!random.ContainsAnyExcept((byte)0));
        return new(BinaryPrimitives.ReadUInt64BigEndian(random), BinaryPrimitives.ReadUInt64BigEndian(random[8..]), 0, Sampled: true);
    }

    public static ulong NewSpan() => (ulong)Random.Shared.NextInt64(1, long.MaxValue);

    /// <summary>False for what the specification tells one to ignore: then a new trace begins.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TraceContext context)
    {
        context = default;
        // Later versions may append fields behind a dash; version ff is forbidden.
        if (text.Length < Length || text[2] != '-' || text[35] != '-' || text[52] != '-' || (text.Length > Length && (text[55] != '-' || text.StartsWith("00")))
            || !TryHex(text[..2], out var version) || version == 0xff
            || !TryHex(text[3..19], out var high) || !TryHex(text[19..35], out var low) || (high | low) == 0
            || !TryHex(text[36..52], out var parent) || parent == 0
            || !TryHex(text[53..55], out var flags))
        {
            return false;
        }

        context = new TraceContext(high, low, parent, (flags & 1) != 0);
        return true;
    }

    private static bool TryHex(ReadOnlySpan<char> digits, out ulong value)
    {
        value = 0;
        return !digits.ContainsAnyExcept(HexDigits) && ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
