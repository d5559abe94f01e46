using Skiff.Components.Types;

namespace Skiff.Components.Linking;

/// <summary>Something that the root component exports.</summary>
public abstract class PlannedExport
{
    private protected PlannedExport(string name) => Name = name;

    public string Name { get; }
}

public sealed class FunctionExport : PlannedExport
{
    internal FunctionExport(string name, PlannedFunction function)
        : base(name) => Function = function;

    public PlannedFunction Function { get; }
}

public sealed class InstanceExport : PlannedExport
{
    internal InstanceExport(string name, IReadOnlyList<PlannedExport> items)
        : base(name) => (Items, Interface) = (items, InterfaceName.Parse(name));

    public InterfaceName Interface { get; }

    public IReadOnlyList<PlannedExport> Items { get; }
}

/// <summary>A value type or a resource type; the other forms of type export nothing that one could use, and are left out.</summary>
public sealed class TypeExport : PlannedExport
{
    internal TypeExport(string name, ValueType? value, ResourceType? resource)
        : base(name) => (Value, Resource) = (value, resource);

    public ValueType? Value { get; }

    public ResourceType? Resource { get; }
}
