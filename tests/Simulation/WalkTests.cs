using System.Globalization;

namespace Skiff.Simulation;

/// <summary>
/// Many random walks in a bounded time. A failure prints its seed; SKIFF_SEED=N walks that one again, step by step the same.
/// SKIFF_SIMULATION_SECONDS makes the search longer.
/// </summary>
public sealed class WalkTests(ITestOutputHelper output)
{
    private const int Steps = 300;

    [Fact]
    public void Every_walk_ends_with_nothing_left_and_told_in_order()
    {
        if (Environment.GetEnvironmentVariable("SKIFF_SEED") is { Length: > 0 } text)
        {
            WalkOnce(int.Parse(text, CultureInfo.InvariantCulture), Steps);
            return;
        }

        var seconds = int.Parse(Environment.GetEnvironmentVariable("SKIFF_SIMULATION_SECONDS") ?? "15", CultureInfo.InvariantCulture);
        var start = TimeProvider.System.GetTimestamp();
        var first = Random.Shared.Next();
        var walks = 0;
        do
        {
            WalkOnce(unchecked(first + walks++), Steps);
        }
        while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(seconds));

        output.WriteLine($"{walks} walks of {Steps} steps from seed {first}");
    }

    [Fact]
    public void The_same_seed_makes_the_same_walk() => Assert.Equal(WalkOnce(42, Steps), WalkOnce(42, Steps));

    private static List<string> WalkOnce(int seed, int steps)
    {
        Walk? walk = null;
        try
        {
            OneThread.Run(thread => (walk = new Walk(thread, seed)).RunAsync(steps));
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException(
                $"SKIFF_SEED={seed} fails after: {string.Join(", ", walk?.Steps.TakeLast(60) ?? [])}", failure);
        }

        return walk!.Steps;
    }
}
