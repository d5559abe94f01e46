using Skiff.Components.Binary;
using Skiff.Components.Linking;

namespace Skiff.Components.Runtime;

/// <summary>
/// Which functions may come to wait: those of the host that say so, and all of guests that can reach one. It decides how a call is made,
/// not what it does: where this said too little, the guest would hold its thread while it waits.
/// </summary>
internal sealed class WaitAnalysis
{
    private readonly LinkPlan _plan;
    private readonly Func<ImportedFunction, bool> _suspends;
    private readonly bool[] _waits;
    private readonly List<int>[] _then;
    private readonly Dictionary<CoreModule, CallGraph?> _graphs = [];

    /// <param name="suspends">Whether a function of the host may wait.</param>
    public WaitAnalysis(LinkPlan plan, Func<ImportedFunction, bool> suspends)
    {
        (_plan, _suspends) = (plan, suspends);
        _waits = new bool[plan.CoreInstances.Count];
        _then = new List<int>[_waits.Length];
        for (var i = 0; i < _then.Length; i++)
        {
            _then[i] = [];
        }

        Spread();
    }

    /// <summary>Whether a call of this function may come to wait.</summary>
    public bool MayWait(CoreItem? function) => Leaf(function) switch
    {
        CoreExport export => _waits[export.Instance.Index] && MayWait(export),
        LowerImport lower => _suspends(lower.Function),
        LinkerItem => true,
        _ => false,
    };

    // An adapter reads clocks as well as it waits for them, and much more often: in it one looks at the function.
    private bool MayWait(CoreExport export)
    {
        var instance = export.Instance;
        if (!_graphs.TryGetValue(instance.Module, out var graph))
        {
            graph = instance.Module.ReadCalls();
            _graphs.Add(instance.Module, graph);
        }

        // What adapters take of the module that they serve is its allocator, which never waits.
        return graph?.Reaches(export.Name, import => Leaf(instance.Imports[import]) switch
        {
            CoreExport other => _waits[other.Instance.Index] && !(other.Type is CoreFunctionType type && type.Equals(CoreSignature.Realloc)),
            var item => MayWait(item),
        }) ?? true;
    }

    // What a call of a function ends up in; the trampolines between only pass it on.
    private static CoreItem? Leaf(CoreItem? function)
    {
        while (true)
        {
            switch (function)
            {
                case LowerLifted lower:
                    function = lower.Function.Target;
                    break;
                case Forward forward:
                    function = forward.Target;
                    break;
                case ResourceDrop { Resource: GuestResourceType resource }:
                    function = resource.Destructor;
                    break;
                default:
                    return function;
            }
        }
    }

    // From each instance that can wait by itself to all that call it. Whoever shares a table or a global calls each other.
    private void Spread()
    {
        var found = new Stack<int>();
        foreach (var instance in _plan.CoreInstances)
        {
            foreach (var item in instance.Imports)
            {
                if (Leaf(item) is CoreExport export)
                {
                    _then[export.Instance.Index].Add(instance.Index);
                    if (export.Type is not CoreFunctionType and not CoreMemoryType)
                    {
                        _then[instance.Index].Add(export.Instance.Index);
                    }
                }
                else if (MayWait(item) && !_waits[instance.Index])
                {
                    _waits[instance.Index] = true;
                    found.Push(instance.Index);
                }
            }
        }

        while (found.TryPop(out var waits))
        {
            foreach (var caller in _then[waits])
            {
                if (!_waits[caller])
                {
                    _waits[caller] = true;
                    found.Push(caller);
                }
            }
        }
    }
}
