namespace Skiff.Layout.Tests;

internal static class Violations
{
    /// <summary>Fails with every violation on its own line: xunit's own message shows five and cuts them.</summary>
    public static void None(IEnumerable<string> violations)
    {
        var all = violations.Order(StringComparer.Ordinal).ToList();
        if (all.Count > 0)
        {
            Assert.Fail($"{all.Count} violations:\n" + string.Join('\n', all));
        }
    }
}
