using System.Runtime.InteropServices;

namespace Skiff.Components.Abi;

/// <summary>Bytes of a number type.</summary>
internal static class NumberSize
{
    // A constant for each T after compilation, without sizeof, which is unsafe code to the compiler.
    public static uint Of<T>()
        where T : unmanaged
    {
        T number = default;
        return (uint)MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in number)).Length;
    }
}
