using Skiff.Components.Types;

namespace Skiff.Components.Runtime;

/// <summary>
/// One call into a component (CanonicalABI.md, "Task State"): what it has borrowed and must give back before it ends, and what was lent
/// for it. WASI 0.3 makes it a task of its own: then it also holds the call's results, its cancellation and its context slots.
/// </summary>
internal sealed class CallScope
{
    /// <summary>Of calls whose types have no handles: never written to.</summary>
    public static readonly CallScope WithoutHandles = new();

    private List<(HandleTable Table, uint Index)>? _lent;

    /// <summary>Borrowed handles that the callee holds.</summary>
    public int Borrows { get; set; }

    /// <summary>Lifts a borrow: the handle stays with the caller and cannot be dropped until the call ends.</summary>
    public HandleEntry Lend(HandleTable table, uint index, ResourceType type)
    {
        ref var entry = ref table.Get(index, type);
        entry.Lends++;
        (_lent ??= []).Add((table, index));
        return entry;
    }

    /// <summary>Gives back what was lent.</summary>
    public void EndLends()
    {
        if (_lent is null)
        {
            return;
        }

        foreach (var (table, index) in _lent)
        {
            table.EndLend(index);
        }

        _lent.Clear();
    }

    /// <exception cref="Engine.GuestTrapException">The callee still holds borrowed handles.</exception>
    public void CheckBorrows()
    {
        if (Borrows != 0)
        {
            throw new Engine.GuestTrapException("borrow handles still remain at the end of the call");
        }
    }
}
