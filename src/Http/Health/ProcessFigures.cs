using System.Globalization;

namespace Skiff.Http.Health;

/// <summary>What this process has used, as proc(5) tells it.</summary>
public readonly record struct ProcessFigures(long ResidentBytes, TimeSpan ProcessorTime, long MinorFaults)
{
    // Fields of /proc/self/stat behind the name, counted from the state (field 3).
    private const int MinorFaultsField = 10 - 3;
    private const int UserTimeField = 14 - 3;
    private const int SystemTimeField = 15 - 3;
    private const int ResidentPagesField = 24 - 3;

    // USER_HZ is 100 on every architecture that .NET runs on.
    private const double TicksPerSecond = 100;

    public static ProcessFigures Read()
    {
        var text = File.ReadAllText("/proc/self/stat");
        // The name, in parentheses, may itself contain blanks and parentheses.
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return new(
            Number(fields[ResidentPagesField]) * Environment.SystemPageSize,
            TimeSpan.FromSeconds((Number(fields[UserTimeField]) + Number(fields[SystemTimeField])) / TicksPerSecond),
            Number(fields[MinorFaultsField]));
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
