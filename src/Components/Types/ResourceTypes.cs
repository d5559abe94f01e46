namespace Skiff.Components.Types;

/// <summary>
/// A resource type. Identity is the object: each instantiation of a component that defines one makes a fresh one
/// (Explainer.md: resource types are generative), and every import of a host interface's resource is the host's one.
/// </summary>
public abstract class ResourceType(string name)
{
    /// <summary>For people, e.g. <c>wasi:io/streams.output-stream</c>.</summary>
    public string Name { get; private protected set; } = name;

    /// <summary>
    /// Whether both name one resource type: the same object, or an import and the host's type that stands for it.
    /// </summary>
    public virtual bool IsSame(ResourceType other) => ReferenceEquals(this, other);

    public override string ToString() => Name;
}

/// <summary>A resource whose representation is a C# object. Dropping its last handle disposes the object when it is <see cref="IDisposable"/>.</summary>
/// <param name="interfaceName">Interface with its version, e.g. <c>wasi:io/streams@0.2.12</c>.</param>
public sealed class HostResourceType(string interfaceName, string label) : ResourceType($"{interfaceName}.{label}")
{
    public string InterfaceName { get; } = interfaceName;

    public string Label { get; } = label;

    // The import knows which hosts serve it.
    public override bool IsSame(ResourceType other) => ReferenceEquals(this, other)
        || (other is not HostResourceType && other.IsSame(this));
}

/// <summary><c>own&lt;R&gt;</c> or <c>borrow&lt;R&gt;</c>: an index into the handle table of the component instance.</summary>
public sealed class HandleType(ResourceType resource, bool isOwn) : ValueType
{
    public ResourceType Resource { get; } = resource;

    public bool IsOwn { get; } = isOwn;

    public override uint Size => 4;

    public override uint Alignment => 4;

    public override bool NeedsMemory => false;

    public override bool HasHandles => true;

    public override bool StructurallyEquals(ValueType other) =>
        other is HandleType handle && handle.IsOwn == IsOwn && Resource.IsSame(handle.Resource);

    public override string ToString() => IsOwn ? Resource.Name : $"borrow<{Resource.Name}>";

    internal override void AppendFlat(List<CoreType> flat) => flat.Add(CoreType.I32);
}
