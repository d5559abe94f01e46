using System.Collections.Frozen;
using Skiff.Components.Types;

namespace Skiff.Components.Host;

/// <summary>One version of an interface that the host offers to guests. Immutable.</summary>
/// <param name="name">With its version, e.g. <c>wasi:io/streams@0.2.12</c>; empty for the functions that a component imports at its root.</param>
public sealed class HostInterface(
    string name, IReadOnlyList<HostFunctionDefinition> functions, IReadOnlyList<HostResourceType> resources)
{
    private readonly FrozenDictionary<string, HostFunctionDefinition> _functions =
        functions.ToFrozenDictionary(function => function.Name, StringComparer.Ordinal);

    private readonly FrozenDictionary<string, HostResourceType> _resources =
        resources.ToFrozenDictionary(resource => resource.Label, StringComparer.Ordinal);

    public string Name { get; } = name;

    public IReadOnlyList<HostFunctionDefinition> Functions { get; } = functions;

    public IReadOnlyList<HostResourceType> Resources { get; } = resources;

    /// <summary>Null if it has no function of this name.</summary>
    public HostFunctionDefinition? FindFunction(string function) => _functions.GetValueOrDefault(function);

    /// <summary>Null if it has no resource of this name. A resource that the interface uses from another one counts as the other's.</summary>
    public HostResourceType? FindResource(string label) => _resources.GetValueOrDefault(label);

    public override string ToString() => Name;
}
