using Skiff.Components.Binary;
using Skiff.Components.Linking;
using Skiff.Engine;

namespace Skiff.Http.Serving;

/// <summary>What the engine makes beforehand for the instances of a guest, by what its component shows.</summary>
public static class GuestPool
{
    // Enough for every composition met so far; what a deeper one lacks, the stacks of others make up for.
    private const int StacksMax = 4;

    // What instances that have ended may hold until they are given back together.
    private const double UnreturnedBytesMost = 16 << 20;
    private const int BatchMost = 64;

    // Threads that may give back a batch at the same time: one for each processor, and another one fills meanwhile.
    private static readonly int Batches = Environment.ProcessorCount + 1;

    // However many processors there are.
    private const int UnreturnedMost = 512;

    /// <param name="inFlightMax">Requests at once.</param>
    /// <exception cref="EngineException">More than a process can have; the message names the kernel's setting.</exception>
    public static PoolOptions For(LinkPlan plan, int inFlightMax)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var stacks = plan.GuestsCallThroughHost ? Math.Min(1 + plan.Instances.Count, StacksMax) : 1;
        var memories = Math.Max(1, plan.CoreInstances.Sum(core => core.Module.DefinedMemories));
        var batch = Batch(plan);

        // What an instance had is not there for the next one before its batch has been given back.
        var spare = batch * Batches;
        var largest = GuestLimit.LargestWith(memories, stacks) - spare;
        if (inFlightMax > largest)
        {
            throw new EngineException(
                $"{inFlightMax} requests in flight need more memory maps than this kernel gives a process: {largest} at most (sysctl vm.max_map_count)");
        }

        return new PoolOptions(inFlightMax + spare) { MemoriesPerGuest = memories, StacksPerGuest = stacks, DecommitBatch = batch };
    }

    // A small guest's pages are given back many at once, which costs half as much. A large one's would be a good part of a container's memory.
    private static int Batch(LinkPlan plan)
    {
        var bytes = 0.0;
        foreach (var core in plan.CoreInstances)
        {
            foreach (var export in core.Module.Exports)
            {
                bytes += export.Type is CoreMemoryType memory ? Math.ScaleB(memory.MinimumPages, memory.PageSizeLog2) : 0;
            }
        }

        return (int)Math.Clamp(UnreturnedBytesMost / Math.Max(bytes, 1), 1, Math.Clamp(UnreturnedMost / Batches, 1, BatchMost));
    }
}
