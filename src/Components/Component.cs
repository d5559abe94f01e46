using Skiff.Components.Binary;
using Skiff.Components.Linking;

namespace Skiff.Components;

/// <summary>From the bytes of a component to its plan: the first step, once for all runs.</summary>
public static class Component
{
    /// <param name="binary">The component's binary format; the plan keeps it for the core modules in it.</param>
    /// <exception cref="ComponentException">Malformed, beyond a bound, or needs what this version cannot do; the message tells which.</exception>
    public static LinkPlan Parse(ReadOnlyMemory<byte> binary, LinkOptions? options = null) =>
        Linker.Link(ComponentParser.Parse(binary), options ?? LinkOptions.Default);
}
