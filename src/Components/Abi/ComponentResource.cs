using Skiff.Components.Runtime;
using Skiff.Components.Types;

namespace Skiff.Components.Abi;

/// <summary>A resource that the host holds outside any guest's table: taken from a guest's result, or to be passed as an argument.</summary>
public sealed class ComponentResource
{
    /// <summary>A resource of the host, to be given to a guest.</summary>
    public ComponentResource(object host, HostResourceType type) => (Host, Type, IsOwn) = (host, type, true);

    internal ComponentResource(ResourceType type, object? host, uint representation, bool isOwn) =>
        (Type, Host, Representation, IsOwn) = (type, host, representation, isOwn);

    public ResourceType Type { get; }

    /// <summary>The object of a host resource; null for one of a guest's.</summary>
    public object? Host { get; }

    /// <summary>Whether the host owns it: then it passes it on, or drops it by <see cref="ComponentInstance"/>.</summary>
    public bool IsOwn { get; private set; }

    internal uint Representation { get; }

    internal void GiveAway() => IsOwn = false;

    public override string ToString() => $"<{Type}>";
}
