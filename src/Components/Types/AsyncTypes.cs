namespace Skiff.Components.Types;

/// <summary>
/// <c>stream&lt;T&gt;</c> or <c>future&lt;T&gt;</c>: an index into the handle table of the component instance (WASI 0.3). Such types
/// are known so that components can be looked at; functions that use them are refused when they are bound or called.
/// </summary>
public sealed class AsyncValueType(ValueType? element, bool isStream) : ValueType
{
    public ValueType? Element { get; } = element;

    public bool IsStream { get; } = isStream;

    public override uint Size => 4;

    public override uint Alignment => 4;

    public override bool NeedsMemory => false;

    public override bool HasHandles => true;

    public override int Depth => DepthAbove(Element);

    public override int Nodes => AddNodes(1, Element);

    public override bool StructurallyEquals(ValueType other) => ReferenceEquals(this, other)
        || (other is AsyncValueType type && type.IsStream == IsStream && Members.Equal(Element, type.Element));

    public override string ToString() => $"{(IsStream ? "stream" : "future")}{(Element is null ? "" : $"<{Element}>")}";

    internal override void AppendFlat(List<CoreType> flat) => flat.Add(CoreType.I32);
}
