using Skiff.Components.Types;

namespace Skiff.Components.Linking;

/// <summary>A resource type that a component of the tree defines. Its representation is an i32 of that instance's.</summary>
public sealed class GuestResourceType : ResourceType
{
    private bool _isNamed;

    internal GuestResourceType(int index, StaticInstance definingInstance, CoreItem? destructor)
        : base($"resource {index} of {definingInstance}")
    {
        Index = index;
        DefiningInstance = definingInstance;
        Destructor = destructor;
    }

    /// <summary>Place in <see cref="LinkPlan.GuestResources"/>.</summary>
    public int Index { get; }

    public StaticInstance DefiningInstance { get; }

    /// <summary>A resource type has no name of its own: the root exports it under one, or under several, of which people see the first.</summary>
    internal void NameAs(string name)
    {
        if (!_isNamed)
        {
            (Name, _isNamed) = (name, true);
        }
    }

    /// <summary>Core function (i32) -> (), checked; called when the last own handle goes. Null if the type has none.</summary>
    public CoreItem? Destructor { get; internal set; }
}

/// <summary>
/// A resource type that the root imports, which the host's type of the same interface and label stands for. Imports of one
/// interface in several versions of one track share one type.
/// </summary>
public sealed class ImportedResourceType : ResourceType
{
    internal ImportedResourceType(int index, InterfaceName? interfaceName, string label)
        : base(interfaceName is { } name ? $"{name}.{label}" : label)
    {
        Index = index;
        Interface = interfaceName;
        Label = label;
    }

    /// <summary>Place in <see cref="LinkPlan.ImportedResources"/>.</summary>
    public int Index { get; }

    /// <summary>As the first import of the track writes it; null for a type that the root imports by itself.</summary>
    public InterfaceName? Interface { get; }

    public string Label { get; }

    public override bool IsSame(ResourceType other) => ReferenceEquals(this, other)
        || (other is HostResourceType host && host.Label == Label && Interface is { } name
            && InterfaceName.Parse(host.InterfaceName).Serves(name));
}
