namespace Skiff.Components.Linking;

/// <summary>
/// One component instance of the tree that instantiating the root makes: owner of a handle table and of the flags
/// may_enter and may_leave (CanonicalABI.md, "Component Instance State"). Every run of the component has the same ones.
/// </summary>
public sealed class StaticInstance
{
    internal StaticInstance(int index, StaticInstance? parent)
    {
        Index = index;
        Parent = parent;
        Depth = parent is null ? 0 : parent.Depth + 1;
    }

    /// <summary>Place in <see cref="LinkPlan.Instances"/>; the root is 0.</summary>
    public int Index { get; }

    /// <summary>The instance whose component instantiates this one; null for the root.</summary>
    public StaticInstance? Parent { get; }

    public int Depth { get; }

    /// <summary>Whether this is the other one, or lies around it.</summary>
    public bool IsAncestorOrSelf(StaticInstance other)
    {
        for (var instance = other; instance is not null; instance = instance.Parent)
        {
            if (ReferenceEquals(instance, this))
            {
                return true;
            }
        }

        return false;
    }

    public override string ToString() => Parent is null ? "the root component" : $"component instance {Index}";
}
