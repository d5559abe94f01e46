using System.Globalization;
using Skiff.Guest;

namespace Skiff.Cli;

/// <summary>Sizes and times as people type them.</summary>
internal static class Quantity
{
    /// <summary>Bytes: a number, with k, m or g for the powers of 1024.</summary>
    public static long Bytes(string text)
    {
        var (digits, factor) = text.Length > 0 ? char.ToLowerInvariant(text[^1]) switch
        {
            'k' => (text[..^1], 1L << 10),
            'm' => (text[..^1], 1L << 20),
            'g' => (text[..^1], 1L << 30),
            _ => (text, 1L),
        }
        : (text, 1L);
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number > 0
            && number <= long.MaxValue / factor
            ? number * factor
            : throw new GuestException($"'{text}' is not a size; write for example 64m");
    }

    /// <summary>A time: a number of seconds, or with ms, s, m or h.</summary>
    public static TimeSpan Time(string text)
    {
        var unit = text.TrimStart("0123456789.".ToCharArray());
        double? seconds = unit switch
        {
            "ms" => 0.001,
            "" or "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => null,
        };
        return seconds is { } factor
            && double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number > 0
            && number * factor < int.MaxValue / 1000
            ? TimeSpan.FromSeconds(number * factor)
            : throw new GuestException($"'{text}' is not a time; write for example 500ms, 5s, 2m");
    }
}
