using Skiff.Components.Types;
using Skiff.Engine;

namespace Skiff.Components.Runtime;

/// <summary>One run of a component: its store and everything in it. Used by one thread at a time.</summary>
public sealed class ComponentInstance
{
    internal object Implementation(int index) => throw new NotSupportedException($"interface {index}");

    internal ResourceType Canonical(ResourceType type) => throw new NotSupportedException($"resource {type}");

    internal GuestMemory Memory(int slot) => throw new NotSupportedException($"memory {slot}");

    internal uint Reallocate(InstanceState caller, CanonicalOptions options, uint address, uint size, uint alignment, uint newSize) =>
        throw new NotSupportedException($"{caller} {options} {address} {size} {alignment} {newSize}");
}
