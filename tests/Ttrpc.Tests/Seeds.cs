using System.Globalization;

namespace Skiff.Ttrpc.Tests;

/// <summary>
/// Seeds of the fuzz tests. A failure names its seed; <c>SKIFF_SEED=n</c> replays just that one,
/// <c>SKIFF_FUZZ_ROUNDS=n</c> runs n fresh ones.
/// </summary>
internal static class Seeds
{
    public static IEnumerable<int> For(int rounds)
    {
        if (Read("SKIFF_SEED") is { } seed)
        {
            return [seed];
        }

        return Read("SKIFF_FUZZ_ROUNDS") is { } more
            ? Enumerable.Range(0, more).Select(_ => Random.Shared.Next())
            : Enumerable.Range(1, rounds);
    }

    public static async Task RunAsync(int rounds, Func<Random, Task> round)
    {
        foreach (var seed in For(rounds))
        {
            try
            {
                await round(new Random(seed)).WaitAsync(TimeSpan.FromSeconds(60));
            }
            catch (Exception failure)
            {
                Assert.Fail($"Replay with SKIFF_SEED={seed}: {failure}");
            }
        }
    }

    private static int? Read(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
