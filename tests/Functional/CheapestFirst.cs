using Xunit.Sdk;
using Xunit.v3;

namespace Skiff.Functional;

/// <summary>Classes run in this order: what is cheap and telling first, so that a broken build shows within seconds.</summary>
public sealed class CheapestFirst : ITestCollectionOrderer
{
    private static readonly string[] Order =
    [
        "HarnessTests", "ShimProgramTests", "RunTests", "MountTests", "SignalTests", "ExecTests", "ControlTests", "EventTests", "LogTests",
        "ImageTests", "PodTests", "SandboxTests", "HostileTests", "CacheTests", "DeathTests", "RestartTests", "UpgradeTests", "CrashTests", "HundredPodsTests",
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : notnull, ITestCollection => [.. testCollections.OrderBy(collection => Rank(collection))];

    private static int Rank(ITestCollection collection)
    {
        var rank = Array.FindIndex(Order, name => collection.TestCollectionDisplayName.Contains($".{name} ", StringComparison.Ordinal));
        return rank < 0 ? Order.Length : rank;
    }
}
