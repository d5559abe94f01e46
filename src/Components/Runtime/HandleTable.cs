using System.Runtime.CompilerServices;
using Skiff.Components.Types;
using Skiff.Engine;

namespace Skiff.Components.Runtime;

/// <summary>What stands behind an index of a <see cref="HandleTable"/>. WASI 0.3 adds waitables, streams, futures and tasks.</summary>
internal enum HandleKind : byte
{
    Free,
    Own,
    Borrow,
}

/// <summary>One handle. A tagged union: what the fields mean depends on <see cref="Kind"/>.</summary>
internal struct HandleEntry
{
    /// <summary>The resource type.</summary>
    public ResourceType? Type;

    /// <summary>The representation of a host resource; null for a guest's, whose representation is <see cref="Number"/>.</summary>
    public object? Object;

    /// <summary>For a borrow: the call at whose end it must be gone.</summary>
    public CallScope? Scope;

    /// <summary>The representation of a guest's resource. Of a free entry: the next free one.</summary>
    public uint Number;

    /// <summary>Calls that have lent it and are not over.</summary>
    public uint Lends;

    public HandleKind Kind;
}

/// <summary>
/// The handles of one component instance: one table for all kinds (CanonicalABI.md, "Component Instance State"). Indices begin at 1; the
/// one freed last is given out first, which guests can observe.
/// </summary>
internal sealed class HandleTable
{
    /// <summary>40 bytes each: what a guest can make the host hold in handles alone.</summary>
    public const int HandlesMax = 1 << 18;

    private const int StartLength = 8;

    private HandleEntry[] _entries = [];

    // Entries from 1 to here have been in use.
    private int _used;
    private uint _free;

    /// <summary>Handles in use.</summary>
    public int Count { get; private set; }

    public uint Add(ResourceType type, HandleKind kind, object? host, uint number, CallScope? scope)
    {
        var index = _free;
        if (index != 0)
        {
            _free = _entries[index].Number;
        }
        else
        {
            index = Grow();
        }

        ref var entry = ref _entries[index];
        entry.Type = type;
        entry.Object = host;
        entry.Number = number;
        entry.Scope = scope;
        entry.Kind = kind;
        entry.Lends = 0;
        Count++;
        return index;
    }

    /// <summary>The handle at an index that the guest gave. The reference holds until a handle is added.</summary>
    /// <exception cref="GuestTrapException">There is none, or it is another resource's.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref HandleEntry Get(uint index, ResourceType type)
    {
        var entries = _entries;
        if (index >= (uint)entries.Length || entries[index].Kind == HandleKind.Free)
        {
            Violation.UnknownHandle(index);
        }

        ref var entry = ref entries[index];
        if (!ReferenceEquals(entry.Type, type))
        {
            Violation.WrongHandleType(index, type, entry.Type);
        }

        return ref entry;
    }

    /// <summary>Takes an owned handle out.</summary>
    /// <exception cref="GuestTrapException">It is not there, of another type, not owned, or lent to a call that is not over.</exception>
    public HandleEntry TakeOwn(uint index, ResourceType type)
    {
        var entry = Get(index, type);
        if (entry.Kind != HandleKind.Own)
        {
            Violation.NotOwned(index);
        }

        if (entry.Lends != 0)
        {
            Violation.Borrowed(index);
        }

        Free(index);
        return entry;
    }

    /// <summary>Takes an owned or borrowed handle out, as <c>resource.drop</c> does.</summary>
    /// <exception cref="GuestTrapException">It is not there, of another type, or lent to a call that is not over.</exception>
    public HandleEntry Drop(uint index, ResourceType type)
    {
        var entry = Get(index, type);
        if (entry.Lends != 0)
        {
            Violation.Borrowed(index);
        }

        Free(index);
        return entry;
    }

    public void EndLend(uint index) => _entries[index].Lends--;

    /// <summary>Empties the table and disposes every host object that it owned.</summary>
    /// <param name="faults">Gets what those threw that could not be disposed of; all others are.</param>
    public void Dispose(ref List<Exception>? faults)
    {
        var entries = _entries;
        var used = _used;
        (_entries, _used, _free, Count) = ([], 0, 0, 0);
        for (var i = 1; i <= used; i++)
        {
            try
            {
                if (entries[i] is { Kind: HandleKind.Own, Object: IDisposable owned })
                {
                    owned.Dispose();
                }
            }
#pragma warning disable CA1031 // the others must go as well; the caller throws it on
            catch (Exception fault)
#pragma warning restore CA1031
            {
                (faults ??= []).Add(fault);
            }
        }
    }

    private void Free(uint index)
    {
        ref var entry = ref _entries[index];
        entry = default;
        entry.Number = _free;
        _free = index;
        Count--;
    }

    private uint Grow()
    {
        if (_used + 1 >= _entries.Length)
        {
            if (_entries.Length >= HandlesMax)
            {
                throw new GuestTrapException($"the guest holds {Count} handles, as many as a component instance may");
            }

            Array.Resize(ref _entries, Math.Max(StartLength, _entries.Length * 2));
        }

        return (uint)++_used;
    }
}
