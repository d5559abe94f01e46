using System.Globalization;

namespace Skiff.Harness;

/// <summary>Container names that no other test uses.</summary>
internal static class Names
{
    private static int _last;

    public static string Next(string kind = "c") => kind + Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
}
