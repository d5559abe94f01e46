using Skiff.Components.Linking;
using Skiff.Components.Types;

namespace Skiff.Components.Runtime;

/// <summary>What the runtime keeps for one component instance of the tree (CanonicalABI.md, "Component Instance State").</summary>
internal sealed class InstanceState(int index)
{
    private CallScope? _lending;

    /// <summary>In the plan.</summary>
    public int Index { get; } = index;

    public HandleTable Handles { get; } = new();

    /// <summary>False while its <c>realloc</c> or <c>post-return</c> runs.</summary>
    public bool MayLeave { get; set; } = true;

    /// <summary>Whether a call is inside it.</summary>
    public bool IsEntered { get; set; }

    /// <summary>What host functions have lent; empty whenever guest code runs.</summary>
    public CallScope Lending => _lending ??= new CallScope();

    /// <summary>
    /// Gives this instance a borrowed handle for the length of a call. The instance that defines the resource gets the representation
    /// itself, and no handle (CanonicalABI.md, <c>lower_borrow</c>).
    /// </summary>
    public uint AddBorrow(ResourceType type, object? host, uint representation, CallScope scope)
    {
        if (type is GuestResourceType own && own.DefiningInstance.Index == Index)
        {
            return representation;
        }

        scope.Borrows++;
        return Handles.Add(type, HandleKind.Borrow, host, representation, scope);
    }
}
