using Skiff.Components.Runtime;
using Skiff.Linux;
using CoreInstance = Skiff.Components.Linking.CoreInstance;

namespace Skiff.Http.Serving;

/// <summary>
/// The pages of a guest's memory that each of its instances writes to. Learned from the first few that have answered one request; a
/// fresh one gets them in a few calls, and not by a page fault for each (a third of the time of a JavaScript request).
/// </summary>
internal sealed class WorkingSet
{
    private const string MemoryName = "memory";

    /// <summary>So many instances must have written to a page.</summary>
    private const int Samples = 4;

    /// <summary>With fewer it is not worth a call.</summary>
    private const int PagesMin = 8;

    /// <summary>A guest that once wrote to more than it needs must not pay for it for ever.</summary>
    private const int PagesMax = 1024;

    private readonly Lock _gate = new();
    private HashSet<int>? _common;
    private int _samples;
    private volatile Plan? _plan;
    private volatile bool _isLearned;

    /// <summary>Pages that a fresh instance gets.</summary>
    public int Pages => _plan?.Ranges.Sum(range => range.Count) ?? 0;

    /// <summary>After an instance was made and before it runs.</summary>
    public void Prepare(ComponentInstance instance)
    {
        if (_plan is not { } plan || instance.Core(plan.Memory)?.FindMemory(MemoryName) is not { } found)
        {
            return;
        }

        var memory = found.Whole(out _);
        foreach (var (first, count) in plan.Ranges)
        {
            var (start, length) = (first * WrittenPages.PageBytes, count * WrittenPages.PageBytes);
            if (start + length > memory.Length)
            {
                // What earlier instances had only after they had grown.
                break;
            }

            if (!WrittenPages.TryPopulate(memory.Slice(start, length)))
            {
                _plan = null;
                return;
            }
        }
    }

    /// <summary>After an instance has answered its first request; it does not run any more.</summary>
    public void Learn(ComponentInstance instance)
    {
        if (_isLearned)
        {
            return;
        }

        lock (_gate)
        {
            if (!_isLearned && (TryFind(instance) is not { } found || Add(found.Memory, found.Pages)))
            {
                _isLearned = true;
            }
        }
    }

    // True: it was the last one.
    private bool Add(CoreInstance memory, List<int> pages)
    {
        if (_common is null)
        {
            _common = [.. pages];
        }
        else
        {
            _common.IntersectWith(pages);
        }

        if (++_samples < Samples && _common.Count >= PagesMin)
        {
            return false;
        }

        if (_common.Count is >= PagesMin and <= PagesMax)
        {
            _plan = new Plan(memory, RangesOf([.. _common.Order()]));
        }

        _common = null;
        return true;
    }

    private static (CoreInstance Memory, List<int> Pages)? TryFind(ComponentInstance instance)
    {
        // The guest's own memory: the first one that is exported by this name. Those of adapters are small.
        foreach (var core in instance.Linked.Plan.CoreInstances)
        {
            if (instance.Core(core)?.FindMemory(MemoryName) is { } memory)
            {
                return WrittenPages.TryFind(memory.Whole(out _)) is { } pages ? (core, pages) : null;
            }
        }

        return null;
    }

    private static (int First, int Count)[] RangesOf(List<int> pages)
    {
        var ranges = new List<(int First, int Count)>();
        foreach (var page in pages)
        {
            if (ranges is [.., var last] && last.First + last.Count == page)
            {
                ranges[^1] = (last.First, last.Count + 1);
            }
            else
            {
                ranges.Add((page, 1));
            }
        }

        return [.. ranges];
    }

    private sealed record Plan(CoreInstance Memory, (int First, int Count)[] Ranges);
}
