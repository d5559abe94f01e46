using System.Globalization;

namespace Skiff.Bench;

/// <summary>One contender's measurements of one figure, in milliseconds unless the figure says otherwise.</summary>
internal sealed class Samples(string name)
{
    private readonly List<double> _values = [];

    public string Name { get; } = name;

    public void Add(double value) => _values.Add(value);

    public double Median => At(0.5);

    /// <summary>Linear interpolation between the two nearest ranks.</summary>
    public double At(double quantile)
    {
        var sorted = _values.Order().ToArray();
        var rank = quantile * (sorted.Length - 1);
        var below = (int)rank;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((sorted[above] - sorted[below]) * (rank - below));
    }

    /// <summary>Median of the ratios taken pair by pair: two values of one round saw the same weather on the machine.</summary>
    public (double Median, double Low, double High) RatioTo(Samples peer)
    {
        var ratios = new Samples("ratio");
        foreach (var (mine, theirs) in _values.Zip(peer._values))
        {
            ratios.Add(mine / theirs);
        }

        return (ratios.Median, ratios.At(0.25), ratios.At(0.75));
    }

    public string Row(Samples? peer)
    {
        var ratio = peer is null || peer == this ? (1, 1, 1) : RatioTo(peer);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {Name} | {Median:0.00} | {At(0.1):0.00} to {At(0.9):0.00} | {ratio.Item1:0.00} ({ratio.Item2:0.00} to {ratio.Item3:0.00}) | {_values.Count} |");
    }
}

/// <summary>A table: contenders measured in turn, the first one the peer that the ratios are taken against.</summary>
internal static class Table
{
    public static void Print(string title, params IReadOnlyList<Samples> contenders)
    {
        Console.WriteLine($"\n### {title}\n");
        Console.WriteLine("| | median | p10 to p90 | ratio to the first (quartiles) | n |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var contender in contenders)
        {
            Console.WriteLine(contender.Row(contenders[0]));
        }
    }
}
