namespace Skiff.Ttrpc.Tests;

/// <summary>Tests that look at the whole process's memory run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuringMemory
{
    public const string Name = "measuring memory";
}
