using Skiff.Components.Host;

namespace Skiff.Components.Runtime;

/// <summary>A host function as one import of one component instance: everything about it that no call changes.</summary>
internal sealed class HostTrampoline
{
    public required HostFunctionDefinition Function { get; init; }

    /// <summary>Which interface of the host, for its implementation.</summary>
    public required int Interface { get; init; }

    /// <summary>The component instance that imports it.</summary>
    public required int Instance { get; init; }

    public required CanonicalOptions Options { get; init; }

    /// <summary>The flat parameter that is the address of a spilled result.</summary>
    public required int ResultSlot { get; init; }
}
